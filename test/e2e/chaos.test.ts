/** `make chaos` in a minute: one disturbance of each sort that is soon over, in another order each time; the seed is told. */
import { expect } from 'chai';
import { DISTURBANCES } from '../../endurance/chaos/disturbances.ts';
import { type Run, runChaos } from '../../endurance/chaos/run.ts';
import { needControlPlane } from '../harness/control-plane/mocha.ts';

const QUICK = [
	'lines cut, then garbled',
	'API server killed, etcd compacted',
	'connections reset',
	'clocks jump by hours, and back further',
];
const seed = Number(process.env['SEED'] || Date.now() % 1_000_000);

describe(`chaos, SEED=${seed}`, function () {
	this.timeout(400_000);
	const plane = needControlPlane({ isOwn: true, controllerManager: true });

	it('whatever breaks, in the end everything stored is right', async () => {
		expect(DISTURBANCES.map(({ name }) => name)).to.include.members(QUICK);
		const lines: string[] = [];
		const run: Run = await runChaos(plane(), { seed, forMs: 0, only: QUICK, say: (line) => void lines.push(line) });
		const broken = run.checks.filter(({ failures }) => failures.length > 0);
		expect(broken, lines.join('\n')).to.deep.equal([]);
		expect(run.rounds).to.have.length(QUICK.length);
		// Silence would be no proof.
		expect(run.stored).to.be.above(20);
	});
});
