/** What may not be noticed: something happens while people go on applying, and every call comes back right. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { describeLoad, startLoad } from './load.ts';

/** Writes a second, each of which asks both webhooks: what a machine of two cores bears beside a whole cluster. */
const PER_SECOND = 40;
const AFTERWARDS_MS = 4_000;
/** Silence would be no proof. */
const MIN_CALLS = 100;

export async function unnoticed(plane: ControlPlane, disturb: () => Promise<void>): Promise<void> {
	const load = await startLoad(plane, PER_SECOND);
	await disturb().catch(async (error) => {
		await load.stop();
		throw error;
	});
	// What came of it is asked as well, and a change that takes a second is asked often enough.
	await sleep(AFTERWARDS_MS);
	const loaded = await load.stop();
	process.stdout.write(`      ${describeLoad(loaded)}\n`);
	expect(loaded.failed.slice(0, 3)).to.deep.equal([]);
	expect(loaded.calls).to.be.at.least(MIN_CALLS);
}
