/**
 * Runs disturbances one after another while clients write. After each disturbance, every stored object must reach its
 * desired state and stay there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { converge } from './checker.ts';
import { DISTURBANCES, type Disturbance } from './disturbances.ts';
import { buildHarness, type Harness } from './harness.ts';
import { keepDoing } from './keep-doing.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createRandom, type Random } from './random.ts';
import { type Check, commonChecks } from './report.ts';
import { startWriter, type Writer } from './writer.ts';

export interface RunOptions {
	readonly seed: number;
	/**
	 * The minimum duration. Each disturbance runs once, even if this takes longer. Then pairs of disturbances run until
	 * the duration has passed.
	 */
	readonly forMs: number;
	readonly say: (line: string) => void;
	readonly only: readonly string[];
}

export interface Round {
	readonly name: string;
	readonly met: number;
	/** The time from the end of the disturbance until every object was in its desired state. */
	readonly convergedSeconds: number;
	/** The number of writes during the round. */
	readonly stored: number;
	readonly failed: number;
	readonly failures: readonly string[];
}

export interface Run {
	readonly seconds: number;
	readonly rounds: readonly Round[];
	readonly checks: readonly Check[];
	readonly stored: number;
	readonly failedWrites: Readonly<Record<string, number>>;
	/** The number of processes that the two replicas started. */
	readonly starts: number;
}

export interface Writing {
	readonly ledger: Ledger;
	readonly writer: Writer;
}

const WRITES_PER_SECOND = 6;
const BEFORE_MS = 1_500;
const BEGIN_MS = 60_000;
const IDLE_MS = 6_000;
const LEADERS_MS = 1_000;
/** A busy machine may exceed the limits in docs/reliability.md, but by no more than this factor. */
const BUSY = 3;

export async function runChaos(plane: ControlPlane, { seed, forMs, say, only }: RunOptions): Promise<Run> {
	const startedMs = performance.now();
	const harness = await buildHarness(plane, createRandom(seed + 2));
	const writing = await beginWriting(harness, seed, WRITES_PER_SECOND);
	const leaders = watchLeaders(harness);
	const random = createRandom(seed);
	const rounds: Round[] = [];
	for (const disturbance of disturbancesOf(createRandom(seed), only)) {
		if (rounds.length >= only.length && performance.now() - startedMs > forMs) break;
		const round = await disturb(harness, writing, disturbance, random, say);
		rounds.push(round);
		for (const failure of round.failures) say(failure);
	}
	const { writer } = writing;
	await writer.stop();
	const laterWrites = await writesWhileIdle(harness);
	const exits = await harness.stop();
	return {
		seconds: (performance.now() - startedMs) / 1_000,
		rounds,
		checks: [
			...rounds.map(({ name, failures }) => ({
				check: `after ${name} every object reaches its desired state`,
				failures,
			})),
			...commonChecks(harness, writer, exits),
			{ check: 'there are never two leaders', failures: await leaders.stop() },
			{ check: 'at the end the product makes no more writes', failures: laterWrites },
		],
		stored: writer.stored(),
		failedWrites: Object.fromEntries(writer.failed),
		starts: harness.members.reduce((sum, { replica }) => sum + replica.starts(), 0),
	};
}

/** Yields each disturbance once, and then an endless sequence of pairs. */
function* disturbancesOf(random: Random, only: readonly string[]): Generator<Disturbance> {
	const some = DISTURBANCES.filter(({ name }) => only.includes(name));
	yield* random.shuffled(some);
	for (;;) {
		const [one, other] = random.shuffled(some);
		if (one === undefined || other === undefined) return;
		const run: Disturbance['run'] = async (...args) =>
			Math.min(...(await Promise.all([one.run(...args), other.run(...args)])));
		yield { name: `${one.name} + ${other.name}`, rightWithin: Math.max(one.rightWithin, other.rightWithin), run };
	}
}

/** Resolves when every server exists and is in its desired state. */
export async function beginWriting({ api }: Harness, seed: number, perSecond: number): Promise<Writing> {
	const ledger = createLedger();
	const writer = startWriter(api, ledger, createRandom(seed + 1), perSecond);
	await writer.begin();
	const { wrong } = await converge(api, ledger, BEGIN_MS);
	if (wrong.length > 0)
		throw new Error(`wrong before the first disturbance: ${wrong.map(({ text }) => text).join('\n')}`);
	return { ledger, writer };
}

async function disturb(
	harness: Harness,
	{ ledger, writer }: Writing,
	{ name, rightWithin, run }: Disturbance,
	random: Random,
	say: (line: string) => void,
): Promise<Round> {
	const failedWrites = (): number => [...writer.failed.values()].reduce((sum, count) => sum + count, 0);
	const [storedBefore, failedBefore] = [writer.stored(), failedWrites()];
	ledger.noteAll(`-- ${name}`);
	writer.resume();
	await sleep(BEFORE_MS);
	const met = await run(harness, random).catch((error: Error) => error);
	await writer.pause();
	const endedMs = performance.now();
	ledger.noteAll(`-- ${name} is over`);
	const { wrong, rightMs, last } = await converge(harness.api, ledger);
	const convergedSeconds = (rightMs - endedMs) / 1_000;
	const isLate = wrong.length === 0 && convergedSeconds > BUSY * rightWithin;
	const round = {
		name,
		met: met instanceof Error ? 0 : met,
		convergedSeconds,
		stored: writer.stored() - storedBefore,
		failed: failedWrites() - failedBefore,
		failures: [
			...(met instanceof Error ? [`${name} failed to start: ${met.message}`] : []),
			...(met === 0 ? [`${name} had no effect`] : []),
			...(isLate ? [`recovered after ${convergedSeconds.toFixed(1)} s; the limit is ${rightWithin} s`] : []),
			...wrong.map(({ text }) => text),
		],
	};
	const { stored, failed } = round;
	const result = wrong.length > 0 ? `${wrong.length} WRONG` : 'right';
	say(
		`${name}: took effect ${round.met} times, ${stored} writes stored and ${failed} failed; ` +
			`${result} after ${convergedSeconds.toFixed(1)} s (last: ${last?.slice(0, 120) ?? 'nothing'})`,
	);
	return round;
}

/** A stopped process does not respond and does not lead. */
function watchLeaders({ members }: Harness): { readonly stop: () => Promise<string[]> } {
	const found: string[] = [];
	const { stop } = keepDoing(async () => {
		const leading = await Promise.all(members.map(({ replica }) => replica.metric('thv_scaling_leader')));
		if (leading.every((one) => one === 1)) found.push(`both led at ${new Date().toISOString()}`);
	}, LEADERS_MS);
	return { stop: () => stop().then(() => found) };
}

async function writesWhileIdle({ members }: Harness): Promise<string[]> {
	const writes = async (): Promise<string> => {
		const counts = members.map(({ replica }) => replica.metric('thv_scaling_reconciler_writes_total'));
		return (await Promise.all(counts)).join(' and ');
	};
	const before = await writes();
	await sleep(IDLE_MS);
	const after = await writes();
	return before === after ? [] : [`writes went from ${before} to ${after}`];
}
