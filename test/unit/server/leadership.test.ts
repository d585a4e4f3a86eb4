/** Terms of several duties: how they end, and what follows. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { pino } from 'pino';
import type { Connection } from '../../../src/cluster/connect.ts';
import type { LeaderContext } from '../../../src/cluster/leader-election.ts';
import { type LeadershipOptions, startLeadership } from '../../../src/server/leadership.ts';
import { until } from '../../harness/until.ts';

const untilAborted = (signal: AbortSignal): Promise<void> =>
	new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
/** Nobody is asked who leads. */
const alone = (duties: LeadershipOptions['duties']) =>
	startLeadership({
		connection: undefined as unknown as Connection,
		namespace: 'ours',
		identity: 'one',
		isElected: false,
		duties,
		log: pino({ level: 'silent' }),
	});

describe('leadership without an election', function () {
	this.timeout(20_000);

	it('a term that fails is followed by another, as with an election, and ends nobody', async () => {
		const terms: LeaderContext[] = [];
		const leadership = alone([
			async (term) => {
				terms.push(term);
				if (terms.length === 1) throw new Error('no');
				await untilAborted(term.signal);
			},
		]);
		await until(() => terms.length === 2);
		expect(leadership.isLeading()).to.equal(true);
		await leadership.stop();
		expect(leadership.isLeading()).to.equal(false);
		expect(terms).to.have.length(2);
	});

	it('a duty that fails ends the other, and the next term begins only when that has ended', async () => {
		const steps: string[] = [];
		let terms = 0;
		const leadership = alone([
			async ({ signal }) => {
				steps.push('begins');
				await untilAborted(signal);
				await sleep(300);
				steps.push('ends');
			},
			async ({ signal }) => {
				terms += 1;
				if (terms === 1) throw new Error('no');
				await untilAborted(signal);
			},
		]);
		await until(() => terms === 2);
		expect(steps).to.deep.equal(['begins', 'ends', 'begins']);
		await leadership.stop();
	});
});
