/**
 * `make soak`: runs load, changes and disturbances for MINUTES=, and measures memory and other resources. The run fails
 * if one of these figures grows. SEED= sets the order of the disturbances.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findAssets } from '../../test/harness/control-plane/assets.ts';
import { startControlPlane } from '../../test/harness/control-plane/start.ts';
import { clusterContext, textOf } from '../bench/account.ts';
import { publish } from '../bench/page.ts';
import { numberFrom, wholeFrom } from '../bench/variables.ts';
import { converge } from '../chaos/checker.ts';
import { cutOff, DISTURBANCES } from '../chaos/disturbances.ts';
import { buildHarness } from '../chaos/harness.ts';
import { createRandom } from '../chaos/random.ts';
import { type Check, commonChecks, countsOf, verdictOf } from '../chaos/report.ts';
import { beginWriting } from '../chaos/run.ts';
import { describeLoad, startLoad } from '../installed/load.ts';
import { figuresOf, judge, SOAK } from './report.ts';
import { startSampling } from './samples.ts';

const DEFAULT_MINUTES = 10;
/** A shorter run has too few samples to distinguish growth from chance, so it makes only the other checks. */
const LEAST_MINUTES_FOR_GROWTH = 3;
const minutes = numberFrom('MINUTES', DEFAULT_MINUTES, 1);
const seed = wholeFrom('SEED', 1, 0);

/** Excludes disturbances that restart the process, because its figures would start again from zero. */
const ENDING = /^(leader|both) killed$|replaced/;
const EVERY_MS = 30_000;
const LONGER_THAN_A_LEASE_MS = 20_000;
/** Each change calls both webhooks. */
const LOAD_PER_SECOND = 30;
const WRITES_PER_SECOND = 1;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
say(`make soak: ${minutes} minutes, SEED=${seed}`);
const around = clusterContext();
const plane = await startControlPlane({
	assets: await findAssets({ env: process.env, controllerManager: true, say }),
	controllerManager: true,
});
const preloads = [join(import.meta.dirname, 'collect.ts')];
const harness = await buildHarness(plane, createRandom(seed + 2), { preloads });
const { ledger, writer } = await beginWriting(harness, seed, WRITES_PER_SECOND);
const replicas = harness.members.map(({ replica }) => replica);
// A replica that has been the leader uses more memory, so both replicas lead before the first sample.
const first = await harness.leader();
do {
	cutOff(first.network);
	await sleep(LONGER_THAN_A_LEASE_MS);
	first.network.refuse(false);
} while ((await harness.leader()) === first);
const load = await startLoad(plane, LOAD_PER_SECOND);
const sampling = startSampling(replicas);
writer.resume();
const disturbances = await disturbFor(minutes * 60_000);
await writer.pause();
const rows = await sampling.stop();
const loaded = await load.stop();
const { wrong } = await converge(harness.api, ledger);
await writer.stop();
const exits = await harness.stop();
await plane.stop();

say(`${describeLoad(loaded)}; ${writer.stored()} writes; ${disturbances} disturbances`);
const names = replicas.map(({ name }) => name);
const answered = loaded.calls - loaded.failed.length;
const checks: Check[] = [
	...(minutes < LEAST_MINUTES_FOR_GROWTH ? [] : judge(rows, minutes * 60, names)),
	{ check: 'at the end every object is in its desired state', failures: wrong.map(({ text }) => text) },
	...commonChecks(harness, writer, exits),
	{
		check: 'the webhooks answered reviews during the whole run',
		failures: answered > minutes * 60 ? [] : [`only ${answered} reviews were answered`],
	},
];
const results = {
	...countsOf(checks),
	...{ calls: loaded.calls, disturbances, figures: figuresOf(rows, minutes * 60, names) },
	longestSilenceSeconds: Math.round(Math.max(...rows.map(({ lastEventAgeSeconds }) => lastEventAgeSeconds))),
};
const recorded = { ...around, options: { minutes, seed }, results };
say(`\n${textOf(SOAK, recorded)}\n`);
if (minutes >= DEFAULT_MINUTES) await publish(SOAK, recorded);
say(verdictOf(checks));
// Exits explicitly, because a frozen socket may never report that it is closed.
process.exit(results.broken.length === 0 ? 0 : 1);

/** Runs disturbances one after another, without waiting for the recovery. Resolves with the number of disturbances. */
async function disturbFor(ms: number): Promise<number> {
	const startedMs = performance.now();
	const leftMs = (): number => Math.max(ms - (performance.now() - startedMs), 0);
	const random = createRandom(seed);
	const some = DISTURBANCES.filter(({ name }) => !ENDING.test(name));
	for (let count = 0, queue = random.shuffled(some); ; count += 1) {
		await sleep(Math.min(EVERY_MS, leftMs()));
		const disturbance = queue.pop();
		if (leftMs() === 0 || disturbance === undefined) return count;
		if (queue.length === 0) queue = random.shuffled(some);
		ledger.noteAll(`-- ${disturbance.name}`);
		const met = await disturbance.run(harness, random).catch((error: Error) => error.message);
		say(`${Math.round((ms - leftMs()) / 1_000)} s ${disturbance.name}: ${met}`);
	}
}
