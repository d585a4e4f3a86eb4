/**
 * Runs disturbances one after another while clients write. After each disturbance, every stored object must reach its
 * desired state and stay there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { CONVERGE_MS, converge } from './checker.ts';
import { DISTURBANCES, type Disturbance } from './disturbances.ts';
import { buildHarness, type Harness } from './harness.ts';
import { keepDoing } from './keep-doing.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createRandom } from './random.ts';
import { type Check, commonChecks } from './report.ts';
import { startWriter, type Writer } from './writer.ts';

interface RunOptions {
	readonly seed: number;
	readonly say: (line: string) => void;
	/** The names of the disturbances, each of which runs once. */
	readonly only: readonly string[];
}

export type Run = Awaited<ReturnType<typeof runChaos>>;

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

export async function runChaos(plane: ControlPlane, { seed, say, only }: RunOptions) {
	const startedMs = performance.now();
	const random = createRandom(seed);
	const harness = await buildHarness(plane, random);
	const { ledger, writer } = await beginWriting(harness, seed, WRITES_PER_SECOND);
	const leaders = watchLeaders(harness);
	const failedWrites = (): number => [...writer.failed.values()].reduce((sum, count) => sum + count, 0);
	const disturb = async ({ name, rightWithin, run }: Disturbance) => {
		const limitMs = BUSY * rightWithin * 1_000;
		const [storedBefore, failedBefore] = [writer.stored(), failedWrites()];
		ledger.noteAll(`-- ${name}`);
		writer.resume();
		await sleep(BEFORE_MS);
		let error: string | undefined;
		const met = await run(harness, random).catch(({ message }: Error) => {
			error = message;
			return 0;
		});
		await writer.pause();
		const endedMs = performance.now();
		ledger.noteAll(`-- ${name} is over`);
		const { wrong, rightMs, last } = await converge(harness.api, ledger, Math.max(CONVERGE_MS, limitMs));
		// Otherwise an outdated replica would also slow down the recovery from the next disturbance.
		for (const { network } of harness.members) network.resetFrozen();
		/** The time from the end of the disturbance until every object was in its desired state. */
		const convergedSeconds = (rightMs - endedMs) / 1_000;
		const isLate = wrong.length === 0 && convergedSeconds * 1_000 > limitMs;
		const failures = [
			...(met === 0 ? [`${name} had no effect${error === undefined ? '' : `: ${error}`}`] : []),
			...(isLate ? [`recovered after ${convergedSeconds.toFixed(1)} s; the limit is ${rightWithin} s`] : []),
			...wrong.map(({ text }) => text),
		];
		const [stored, failed] = [writer.stored() - storedBefore, failedWrites() - failedBefore];
		say(
			`${name}: took effect ${met} times, ${stored} writes stored and ${failed} failed; ` +
				`${wrong.length} wrong after ${convergedSeconds.toFixed(1)} s (last: ${last?.slice(0, 120) ?? 'nothing'})`,
		);
		for (const failure of failures) say(failure);
		return { name, met, convergedSeconds, stored, failed, failures };
	};

	const rounds: Awaited<ReturnType<typeof disturb>>[] = [];
	for (const one of random.shuffled(DISTURBANCES.filter(({ name }) => only.includes(name))))
		rounds.push(await disturb(one));
	await writer.stop();
	const laterWrites = await writesWhileIdle(harness);
	const bothLed = await leaders.stop();
	const exits = await harness.stop();
	const checks: Check[] = [
		...rounds.map(({ name, failures }) => ({
			check: `after ${name} every object reaches its desired state`,
			failures,
		})),
		...commonChecks(harness, writer, exits),
		{ check: 'there are never two leaders', failures: bothLed },
		{ check: 'at the end the product makes no more writes', failures: laterWrites },
	];
	return {
		...{ rounds, checks, seconds: (performance.now() - startedMs) / 1_000 },
		stored: writer.stored(),
		failedWrites: Object.fromEntries(writer.failed),
		/** The number of processes that the two replicas started. */
		starts: harness.members.reduce((sum, { replica }) => sum + replica.starts(), 0),
	};
}

/** Resolves when every server exists and is in its desired state. */
export async function beginWriting({ api }: Harness, seed: number, perSecond: number): Promise<Writing> {
	const ledger = createLedger();
	const writer = startWriter(api, ledger, createRandom(seed + 1), perSecond);
	for (const begin of [writer.begin, writer.own]) {
		await begin();
		const { wrong } = await converge(api, ledger, BEGIN_MS);
		if (wrong.length > 0)
			throw new Error(`wrong before the first disturbance: ${wrong.map(({ text }) => text).join('\n')}`);
	}
	return { ledger, writer };
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
