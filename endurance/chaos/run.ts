/** A whole run: builds the stage, disturbs in the order of the seed, and says of each promise whether it was kept. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import type { Check } from './checks.ts';
import { DISTURBANCES, type Disturbance } from './disturbances.ts';
import { keepDoing } from './keep-doing.ts';
import { createLedger } from './ledger.ts';
import { createRandom, type Random } from './random.ts';
import { brokenIn, converge, disturb, type Round, type Scene } from './rounds.ts';
import { buildStage, NAMESPACE, type Stage, type StageOptions } from './stage.ts';
import { startWriter } from './writer.ts';

export interface RunOptions {
	readonly seed: number;
	/** Each disturbance comes once, however long that takes; then pairs of them come until this has passed. */
	readonly forMs: number;
	readonly say: (line: string) => void;
	/** Without it: all of them. */
	readonly only?: readonly string[];
	readonly perSecond?: number;
	readonly stage?: StageOptions;
}

export interface Run {
	readonly seed: number;
	readonly seconds: number;
	readonly rounds: readonly Round[];
	readonly checks: readonly Check[];
	readonly stored: number;
	readonly failedWrites: Readonly<Record<string, number>>;
	/** Processes started, of both replicas. */
	readonly starts: number;
}

const WRITES_PER_SECOND = 6;
const QUIET_MS = 6_000;
const LOOK_MS = 1_000;
const BEGIN_MS = 60_000;

export async function runChaos(plane: ControlPlane, options: RunOptions): Promise<Run> {
	const { seed, forMs, say } = options;
	const startedMs = performance.now();
	const stage = await buildStage(plane, createRandom(seed + 2), options.stage);
	const scene = await beginWriting(stage, seed, options.perSecond ?? WRITES_PER_SECOND);
	const leaders = watchLeaders(stage);
	const rounds: Round[] = [];
	for (const disturbance of orderOf(createRandom(seed), options.only)) {
		const isOnceForAll = rounds.length >= (options.only ?? DISTURBANCES).length;
		if (isOnceForAll && performance.now() - startedMs > forMs) break;
		const round = await disturb(scene, disturbance);
		rounds.push(round);
		say(describeRound(round));
		for (const failure of brokenIn(round)) say(failure);
	}
	await scene.writer.stop();
	const restless = await quiet(stage);
	const exits = await stage.stop();
	const { replicas, leaks } = { replicas: stage.members.map(({ replica }) => replica), leaks: stage.leaks };
	const checks: Check[] = [
		...rounds.map((round) => ({ promise: `after ${round.name} everything is right`, failures: brokenIn(round) })),
		{ promise: 'no process ended that was not told to', failures: replicas.flatMap(({ crashes }) => crashes) },
		{ promise: 'told to end, each ends with 0', failures: exits.filter((code) => code !== 0).map(String) },
		{ promise: 'no log told a Secret', failures: leaks },
		{
			promise: 'no review failed by a mistake of ours',
			failures: replicas.flatMap(({ mistakes }) => mistakes.told()),
		},
		{ promise: 'no write that is valid was denied by us', failures: scene.writer.denied },
		{ promise: 'never two leaders', failures: await leaders.stop() },
		{ promise: 'in the end nobody writes any more', failures: restless },
	];
	return {
		seed,
		seconds: (performance.now() - startedMs) / 1_000,
		rounds,
		checks,
		stored: scene.writer.stored(),
		failedWrites: Object.fromEntries(scene.writer.failed),
		starts: replicas.reduce((sum, replica) => sum + replica.starts(), 0),
	};
}

/** Each disturbance once, then pairs at the same time for as long as somebody asks. */
function* orderOf(random: Random, only: readonly string[] | undefined): Generator<Disturbance> {
	const some = DISTURBANCES.filter(({ name }) => only?.includes(name) ?? true);
	yield* random.shuffled(some);
	for (;;) {
		const [one, other] = random.shuffled(some);
		if (one === undefined || other === undefined) return;
		yield {
			name: `${one.name} + ${other.name}`,
			rightWithin: Math.max(one.rightWithin, other.rightWithin),
			run: async (stage, chance) =>
				Math.min(...(await Promise.all([one.run(stage, chance), other.run(stage, chance)]))),
		};
	}
}

/** Every server is made and right. */
export async function beginWriting(stage: Stage, seed: number, perSecond: number): Promise<Scene> {
	const ledger = createLedger();
	const { api, redisSecret } = stage;
	const random = createRandom(seed + 1);
	const writer = startWriter({ api, namespace: NAMESPACE, ledger, random, redisSecret, perSecond });
	await writer.begin();
	const { wrong } = await converge(stage, ledger, BEGIN_MS);
	if (wrong.length > 0) throw new Error(`wrong before anything was disturbed: ${JSON.stringify(wrong)}`);
	return { stage, ledger, writer, random: createRandom(seed) };
}

/** Looks at both all the time; who is stopped does not answer, and leads nobody. */
function watchLeaders({ members }: Stage): { readonly stop: () => Promise<string[]> } {
	const found: string[] = [];
	const { stop } = keepDoing(async () => {
		const leading = await Promise.all(members.map(({ replica }) => replica.metricOf('thv_scaling_leader')));
		if (leading.every((one) => one === 1)) found.push(`both led at ${new Date().toISOString()}`);
	}, LOOK_MS);
	return { stop: () => stop().then(() => found) };
}

async function quiet({ members }: Stage): Promise<string[]> {
	const writes = (): Promise<number[]> =>
		Promise.all(members.map(({ replica }) => replica.metricOf('thv_scaling_reconciler_writes_total')));
	const before = await writes();
	await sleep(QUIET_MS);
	const after = await writes();
	return before.join() === after.join() ? [] : [`writes went from ${before.join(' and ')} to ${after.join(' and ')}`];
}

export const describeRound = ({
	last,
	name,
	met,
	disturbedSeconds,
	convergedSeconds,
	stored,
	failed,
	wrong,
	error,
}: Round): string =>
	`${name}: met ${met} times in ${disturbedSeconds.toFixed(0)} s, ${stored} writes stored and ${failed} failed; ` +
	`${error ?? (wrong.length > 0 ? `${wrong.length} WRONG` : 'right')} after ${convergedSeconds.toFixed(1)} s` +
	(last === undefined ? '' : ` (last: ${last.slice(0, 120)})`);
