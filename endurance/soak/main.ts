/**
 * `make soak`: load, changes and disturbances for MINUTES= or HOURS=, while memory, descriptors and the event loop are looked at. Fails on what grows.
 * SEED= is the order of the disturbances; PLANT=heap or PLANT=descriptors plants a leak, which it must find. Ends with the count of
 * what was checked.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findAssets } from '../../test/harness/control-plane/assets.ts';
import { startControlPlane } from '../../test/harness/control-plane/start.ts';
import { clusterContext, textOf } from '../bench/account.ts';
import { publish } from '../bench/page.ts';
import { numberFrom, refuse, wholeFrom } from '../bench/variables.ts';
import { countOf, describeBroken } from '../chaos/checks.ts';
import { DISTURBANCES } from '../chaos/disturbances.ts';
import { createRandom } from '../chaos/random.ts';
import { converge, describeWrong } from '../chaos/rounds.ts';
import { beginWriting } from '../chaos/run.ts';
import { buildStage, type Member, type Stage } from '../chaos/stage.ts';
import { describeLoad, startLoad } from '../installed/load.ts';
import { startDirect } from './direct.ts';
import { judge, resultsOf, SOAK } from './report.ts';
import { startSampling } from './samples.ts';

/** What CI does, and the least that is kept and told. */
const DEFAULT_MINUTES = 10;
/** Shorter runs have too few samples to tell growth from chance, so only the other checks are made. */
const LEAST_MINUTES_FOR_GROWTH = 3;
const LEAST_MINUTES = 1;
const { env } = process;
if (env['HOURS'] && env['MINUTES']) refuse('HOURS= and MINUTES=: give one of them');
const minutes = env['HOURS']
	? numberFrom('HOURS', 0, LEAST_MINUTES_FOR_GROWTH / 60) * 60
	: numberFrom('MINUTES', DEFAULT_MINUTES, LEAST_MINUTES);
const seed = wholeFrom('SEED', 1, 0);
const plant = env['PLANT'] ?? '';
if (!['', 'heap', 'descriptors'].includes(plant)) refuse(`PLANT=${plant}: give heap or descriptors`);

/** Those that end a process would begin all figures anew. */
const ENDING = /killed$|replaced/;
const EVERY_MS = 30_000;
const LOAD_PER_SECOND = 15;
const DIRECT_PER_SECOND = 30;
const CHANGES_PER_SECOND = 1;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
say(`make soak: ${minutes} minutes, SEED=${seed}${plant === '' ? '' : `, planted: ${plant}`}`);
const around = clusterContext();
const assets = await findAssets({ env, controllerManager: true, say });
const plane = await startControlPlane({ assets, controllerManager: true });
const preloads = ['collect.ts', ...(plant === '' ? [] : ['leak.ts'])].map((file) => join(import.meta.dirname, file));
const stage = await buildStage(plane, createRandom(seed + 2), { preloads, env: { PLANT: plant } });
const scene = await beginWriting(stage, seed, CHANGES_PER_SECOND);
const replicas = stage.members.map(({ replica }) => replica);
// Who leads loads more than who never led: both have, before anybody looks.
const first = await stage.leader();
await cutOff(first);
while ((await stage.leader()) === first) await cutOff(first);
const load = await startLoad(plane, LOAD_PER_SECOND);
const direct = startDirect(replicas, DIRECT_PER_SECOND);
const sampling = startSampling(replicas);
scene.writer.resume();
const disturbed = await disturbFor(stage, minutes * 60_000);

await scene.writer.pause();
const rows = await sampling.stop();
const loaded = await load.stop();
const { answered, failed } = await direct.stop();
const { wrong } = await converge(stage, scene.ledger);
await scene.writer.stop();
const exits = await stage.stop();
await plane.stop();

say(`through the API server: ${describeLoad(loaded)}`);
say(
	`direct: ${answered} answered, ${failed} failed; ${scene.writer.stored()} changes; ${disturbed.length} disturbances`,
);
const names = replicas.map(({ name }) => name);
const checks = [
	...(minutes < LEAST_MINUTES_FOR_GROWTH ? [] : judge(rows, minutes * 60, names)),
	{
		promise: 'in the end everything stored is right',
		failures: wrong.map(describeWrong),
	},
	{ promise: 'no write that is valid was denied by us', failures: scene.writer.denied },
	{ promise: 'no process ended that was not told to', failures: replicas.flatMap(({ crashes }) => crashes) },
	{ promise: 'told to end, each ends with 0', failures: exits.filter((code) => code !== 0).map(String) },
	{ promise: 'no log told a Secret', failures: stage.leaks },
	{
		promise: 'no review failed by a mistake of ours',
		failures: replicas.flatMap(({ mistakes }) => mistakes.told()),
	},
	{ promise: 'reviews were answered all along', failures: answered > minutes * 60 ? [] : [`only ${answered}`] },
];
const results = resultsOf({ minutes, rows, checks, calls: loaded.calls + answered, disturbances: disturbed.length });
const recorded = { ...around, options: { minutes, seed }, results };
say(`\n${textOf(SOAK, recorded)}\n`);
for (const line of describeBroken(checks)) say(line);
if (plant === '' && minutes >= DEFAULT_MINUTES) {
	await publish(SOAK, recorded);
}
say(countOf(results));
// A socket that was frozen may never tell that it is closed.
process.exit(results.broken.length === 0 ? 0 : 1);

/** For longer than a Lease lasts. */
async function cutOff({ network }: Member): Promise<void> {
	network.refuse(true);
	network.reset();
	await sleep(20_000);
	network.refuse(false);
}

/** One disturbance after the other with pauses in between; nobody waits for the end of what it did. */
async function disturbFor(stage: Stage, ms: number): Promise<{ name: string; atSeconds: number }[]> {
	const startedMs = performance.now();
	const random = createRandom(seed);
	const some = DISTURBANCES.filter(({ name }) => !ENDING.test(name) || name.startsWith('API server'));
	const done: { name: string; atSeconds: number }[] = [];
	let order: typeof some = [];
	while (performance.now() - startedMs < ms) {
		await sleep(Math.min(EVERY_MS, Math.max(ms - (performance.now() - startedMs), 0)));
		if (performance.now() - startedMs >= ms) break;
		if (order.length === 0) order = random.shuffled(some);
		const disturbance = order.pop();
		if (disturbance === undefined) break;
		const atSeconds = Math.round((performance.now() - startedMs) / 1_000);
		scene.ledger.noteAll(`-- ${disturbance.name}`);
		const met = await disturbance.run(stage, random).catch((error: Error) => error.message);
		say(`${atSeconds} s ${disturbance.name}: ${typeof met === 'number' ? `met ${met} times` : met}`);
		done.push({ name: disturbance.name, atSeconds });
	}
	return done;
}
