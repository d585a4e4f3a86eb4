/**
 * Searches one target for a duration or for a number of inputs. A finding is the smallest text that causes the same
 * failure.
 */
import fc from 'fast-check';
import { type Long, longTextsOf, textsOf } from './edits.ts';
import { type Target, tryOne } from './target.ts';

export interface Found {
	readonly text: string;
	readonly reason: string;
}

export interface Search {
	readonly seed: number;
	readonly seconds: number;
	/** The maximum number of inputs. If undefined, only the duration limits the search. */
	readonly numRuns?: number;
	/** Called before each input, so that the caller can report an input that never finishes. */
	readonly onTry?: (text: string) => void;
}

export interface Searched {
	readonly runs: number;
	readonly seconds: number;
	/** The findings, one for each line of code that throws. */
	readonly found: readonly Found[];
}

/** The maximum CPU time for one input of the lengths in this file. */
const SLOW_MS = 400;
const SHRINK_MS = 3000;
/** The share of the duration for texts that may take more than linear time. */
const LONG_SHARE = 0.15;
/** Shorter times are ignored, because the clock and garbage collection distort them. */
const WORTH_MS = 120;
/** A text of four times the length may take four times as long. A factor of nine shows that the time is not linear. */
const STEEP = 9;

export async function search(target: Target, { seed, seconds, numRuns, onTry }: Search): Promise<Searched> {
	const startedMs = performance.now();
	const found = new Map<string, Found>();
	let runs = 0;
	let last = '';
	const keep = (text: string, reason: string): void => void found.set(signatureOf(reason), { text, reason });
	const tryText = async (text: string): Promise<void> => {
		last = text;
		runs += 1;
		onTry?.(text);
		const reason = await failureOf(target, text);
		if (reason !== undefined && !found.has(signatureOf(reason))) keep(await smaller(target, text, reason), reason);
	};
	const tryLong = async (texts: Long): Promise<void> => {
		last = texts.long;
		onTry?.(texts.long);
		const reason = await steepness(target, texts);
		if (reason !== undefined) keep(texts.short, reason);
	};
	const onRejection = (error: unknown): void =>
		keep(last, `unhandled rejection: ${error instanceof Error ? error.stack : String(error)}`);
	const limit = (share: number) => ({
		seed,
		numRuns: numRuns ?? Infinity,
		interruptAfterTimeLimit: seconds * share * 1000,
	});
	process.on('unhandledRejection', onRejection);
	for (const text of target.seeds()) await tryText(text);
	await fc.check(fc.asyncProperty(textsOf(target), tryText), limit(1 - LONG_SHARE));
	await fc.check(fc.asyncProperty(longTextsOf(target), tryLong), limit(LONG_SHARE));
	process.off('unhandledRejection', onRejection);
	return { runs, seconds: (performance.now() - startedMs) / 1000, found: [...found.values()] };
}

/** Returns the failure, or undefined if every property holds. */
export async function failureOf(target: Target, text: string): Promise<string | undefined> {
	const startedMs = performance.now();
	try {
		await tryOne(target, text);
	} catch (error) {
		return error instanceof Error ? (error.stack ?? error.message) : String(error);
	}
	if (performance.now() - startedMs < SLOW_MS) return undefined;
	// Other processes may have used the CPU, so the CPU time is measured again.
	const ms = await leastCpuMs(target, text);
	return ms < SLOW_MS ? undefined : `slow: ${Math.round(ms)} ms of CPU time for ${text.length} characters`;
}

/** Returns the finding, or undefined if a text of four times the length takes about four times as long. */
export async function steepness(target: Target, { short, long, piece }: Long): Promise<string | undefined> {
	// Ignores errors, because the search that runs on edited texts reports broken properties.
	const costMs = (text: string): Promise<number> => leastCpuMs(target, text).catch(() => 0);
	const longMs = (await cpuMs(target, long).catch(() => 0)) < WORTH_MS ? 0 : await costMs(long);
	if (longMs < WORTH_MS) return undefined;
	const shortMs = await costMs(short);
	if (longMs < STEEP * shortMs) return undefined;
	const cost = `${Math.round(shortMs)} ms for ${short.length} characters, ${Math.round(longMs)} ms for ${long.length}`;
	return `grows faster than its input: ${cost}: ${JSON.stringify(piece)} repeated`;
}

async function cpuMs(target: Target, text: string): Promise<number> {
	const before = process.cpuUsage();
	await tryOne(target, text);
	return process.cpuUsage(before).user / 1000;
}

const leastCpuMs = async (target: Target, text: string): Promise<number> =>
	Math.min(await cpuMs(target, text), await cpuMs(target, text));

/**
 * Returns the same text for failures with the same cause: the place where the error was thrown, or else where it was
 * detected.
 */
function signatureOf(reason: string): string {
	const place = /\/src\/[^\s)]+/.exec(reason) ?? /\/fuzz\/targets\/[^\s)]+/.exec(reason);
	return place?.[0] ?? reason.slice(0, 40);
}

/** Removes parts of the text while the failure stays the same, because people read the findings of `make fuzz`. */
export async function smaller(target: Target, text: string, reason: string): Promise<string> {
	const untilMs = performance.now() + SHRINK_MS;
	const wanted = signatureOf(reason);
	let now = text;
	for (let length = text.length >> 1; length >= 1; length >>= 1) {
		for (let from = 0; from < now.length; ) {
			if (performance.now() > untilMs) return now;
			const tried = now.slice(0, from) + now.slice(from + length);
			const failure = await failureOf(target, tried);
			if (failure !== undefined && signatureOf(failure) === wanted) now = tried;
			else from += length;
		}
	}
	return now;
}
