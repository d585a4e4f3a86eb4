import { expect } from 'chai';
import { pino } from 'pino';
import type { Connection } from '../../../src/cluster/connect.ts';
import { startLeadership } from '../../../src/server/leadership.ts';
import { until } from '../../harness/until.ts';

const untilAborted = (signal: AbortSignal): Promise<void> =>
	new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

it('leadership without election › a duty fails › the other one is aborted, and the next term begins after it', async function () {
	this.timeout(20_000);
	const steps: string[] = [];
	let terms = 0;
	const leadership = startLeadership({
		connection: undefined as unknown as Connection,
		namespace: 'platform',
		identity: 'one',
		isElected: false,
		log: pino({ level: 'silent' }),
		duties: [
			async ({ signal }) => {
				steps.push('begins');
				await untilAborted(signal);
				await new Promise((resolve) => setTimeout(resolve, 100));
				steps.push('ends');
			},
			async ({ signal }) => {
				terms += 1;
				if (terms === 1) throw new Error('planted');
				await untilAborted(signal);
			},
		],
	});
	await until(() => terms === 2);
	expect(steps).to.deep.equal(['begins', 'ends', 'begins']);
	expect(leadership.isLeading()).to.equal(true);
	await leadership.stop();
	expect([leadership.isLeading(), terms, steps.at(-1)]).to.deep.equal([false, 2, 'ends']);
});
