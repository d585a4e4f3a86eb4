/** One disturbance after the other while somebody writes; after each, everything stored must become right, and stay so. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Checked, check, type Wrong } from './checker.ts';
import type { Disturbance } from './disturbances.ts';
import type { Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import { GRACE_PERIOD_SECONDS, NAMESPACE, type Stage } from './stage.ts';
import type { Writer } from './writer.ts';

export interface Round {
	readonly name: string;
	/** How often it was met. */
	readonly met: number;
	readonly disturbedSeconds: number;
	/** From its end until everything was right. */
	readonly convergedSeconds: number;
	/** How long that was promised to be. */
	readonly rightWithin: number;
	/** What became right last. */
	readonly last?: string;
	/** Writes that were stored and that failed meanwhile. */
	readonly stored: number;
	readonly failed: number;
	/** What was still wrong when we stopped waiting; of a disturbance that failed, why. */
	readonly wrong: readonly Wrong[];
	readonly error?: string;
}

export interface Scene {
	readonly stage: Stage;
	readonly ledger: Ledger;
	readonly writer: Writer;
	readonly random: Random;
}

const BEFORE_MS = 1_500;
/** Frozen connections are found dead after 150 s of silence (src/cluster/watch.ts). */
const CONVERGE_MS = 200_000;
const AGAIN_MS = 500;
/** Right for so long: nobody who is still on his way changes it. */
const STAYS_MS = 2_500;

/** Disturbs once. A wrong end is in the result. */
export async function disturb({ stage, ledger, writer, random }: Scene, disturbance: Disturbance): Promise<Round> {
	const { name, rightWithin } = disturbance;
	const storedBefore = writer.stored();
	const failedBefore = failuresOf(writer);
	ledger.noteAll(`-- ${name}`);
	writer.resume();
	await sleep(BEFORE_MS);
	const startedMs = performance.now();
	let met = 0;
	let error: string | undefined;
	try {
		met = await disturbance.run(stage, random);
	} catch (thrown) {
		error = (thrown as Error).message;
	}
	await writer.pause();
	const endedMs = performance.now();
	ledger.noteAll(`-- ${name} is over`);
	const { wrong, rightMs, last } = await converge(stage, ledger);
	return {
		name,
		met,
		disturbedSeconds: (endedMs - startedMs) / 1_000,
		convergedSeconds: (rightMs - endedMs) / 1_000,
		rightWithin,
		...(last !== undefined && { last }),
		stored: writer.stored() - storedBefore,
		failed: failuresOf(writer) - failedBefore,
		wrong,
		...(error !== undefined && { error }),
	};
}

/** Waits until everything stored is right, and has stayed so for a moment. */
export async function converge(
	{ api }: Pick<Stage, 'api'>,
	ledger: Ledger,
	withinMs = CONVERGE_MS,
): Promise<{ wrong: readonly Wrong[]; rightMs: number; last: string | undefined }> {
	const deadlineMs = performance.now() + withinMs;
	let sinceMs: number | undefined;
	let last: string | undefined;
	for (;;) {
		const checked: Checked | Error = await check(api, NAMESPACE, ledger, GRACE_PERIOD_SECONDS).catch(
			(error: Error) => error,
		);
		const nowMs = performance.now();
		const isRight = !(checked instanceof Error) && checked.wrong.length === 0;
		if (checked instanceof Error) last = checked.message;
		else if (checked.wrong[0] !== undefined)
			last = checked.wrong.map(({ server, field }) => `${server}: ${field}`).join(', ');
		sinceMs = isRight ? (sinceMs ?? nowMs) : undefined;
		if (isRight && nowMs - (sinceMs ?? nowMs) >= STAYS_MS) {
			ledger.settle(checked.stored);
			return { wrong: [], rightMs: sinceMs ?? nowMs, last };
		}
		if (nowMs > deadlineMs) {
			if (checked instanceof Error) throw checked;
			// The next one begins with what is there, or every round after this one would be wrong.
			ledger.settle(checked.stored);
			return { wrong: checked.wrong, rightMs: nowMs, last };
		}
		await sleep(AGAIN_MS);
	}
}

/** A machine on which much else runs takes longer than is promised, but not so many times as long. */
const BUSY = 3;

/** What broke the promises of a round. */
export function brokenIn({ name, met, error, wrong, convergedSeconds, rightWithin }: Round): string[] {
	const isLate = wrong.length === 0 && convergedSeconds > BUSY * rightWithin;
	return [
		...(error === undefined ? [] : [`${name} could not be done: ${error}`]),
		...(met > 0 ? [] : [`${name} was never met`]),
		...(isLate ? [`right after ${convergedSeconds.toFixed(1)} s, where ${rightWithin} are promised`] : []),
		...wrong.map(describeWrong),
	];
}

export const describeWrong = ({ server, field, wanted, found, history }: Wrong): string =>
	[`${server}: ${field}`, `  wanted ${wanted}`, `  found  ${found}`, ...history.map((line) => `    ${line}`)].join(
		'\n',
	);

const failuresOf = ({ failed }: Writer): number => [...failed.values()].reduce((sum, count) => sum + count, 0);
