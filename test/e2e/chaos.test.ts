/** `make chaos` in a minute: one short disturbance of each kind, in a new order each time; the title has the seed. */
import { expect } from 'chai';
import { DISTURBANCES } from '../../endurance/chaos/disturbances.ts';
import { runChaos } from '../../endurance/chaos/run.ts';
import { needControlPlane } from '../harness/control-plane/mocha.ts';

const SHORT = [
	...['lines cut, then garbled', 'API server killed, etcd compacted', 'connections reset'],
	'clocks jump by hours, and back further',
];
const seed = Number(process.env['SEED'] || Date.now() % 1_000_000);

describe(`chaos, SEED=${seed}`, function () {
	this.timeout(400_000);
	const plane = needControlPlane({ isOwn: true, controllerManager: true });

	it('four disturbances while clients write › every promise is kept', async () => {
		expect(DISTURBANCES.map(({ name }) => name)).to.include.members(SHORT);
		const lines: string[] = [];
		const run = await runChaos(plane(), { seed, forMs: 0, only: SHORT, say: (line) => void lines.push(line) });
		const broken = run.checks.filter(({ failures }) => failures.length > 0);
		expect(broken, lines.join('\n')).to.deep.equal([]);
		expect(run.rounds).to.have.length(SHORT.length);
		// Without writes the checks prove nothing.
		expect(run.stored).to.be.above(20);
	});
});
