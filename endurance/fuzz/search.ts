/** Searches one target for a duration. fast-check generates the texts, and reduces a text that breaks a property. */
import fc from 'fast-check';
import { type Long, longTextsOf, textsOf } from './edits.ts';
import { type Target, tryOne } from './target.ts';

export interface Found {
	readonly text: string;
	readonly reason: string;
}

interface Search {
	readonly seed: number;
	readonly seconds: number;
	/** Called before each input, so that the caller can report an input that never finishes. */
	readonly onTry?: (text: string) => void;
}

export interface Searched {
	readonly runs: number;
	readonly seconds: number;
	readonly found: readonly Found[];
}

/** The maximum CPU time for one input of the lengths in this file. */
const SLOW_MS = 400;
/** The share of the duration for texts that may take more than linear time. */
const LONG_SHARE = 0.15;
/** Shorter times are ignored, because the clock and garbage collection distort them. */
const WORTH_MS = 120;
/** A text of four times the length may take four times as long. A factor of nine shows that the time is not linear. */
const STEEP = 9;

export async function search(target: Target, { seed, seconds, onTry }: Search): Promise<Searched> {
	const startedMs = performance.now();
	const found: Found[] = [];
	let runs = 0;
	const run = async <T>(
		inputs: fc.Arbitrary<T>,
		share: number,
		textIn: (input: T) => string,
		check: (input: T) => Promise<void>,
	): Promise<void> => {
		const property = fc.asyncProperty(inputs, (input) => {
			runs += 1;
			onTry?.(textIn(input));
			return check(input);
		});
		const limits = { seed, numRuns: Infinity, interruptAfterTimeLimit: seconds * share * 1000 };
		const { counterexample, errorInstance } = await fc.check(property, limits);
		if (counterexample === null) return;
		const reason = errorInstance instanceof Error ? (errorInstance.stack ?? '') : String(errorInstance);
		found.push({ text: textIn(counterexample[0]), reason });
	};
	await run(
		textsOf(target),
		1 - LONG_SHARE,
		(text) => text,
		(text) => tryInTime(target, text),
	);
	await run(
		longTextsOf(target),
		LONG_SHARE,
		({ long }) => long,
		(texts) => tryGrowth(target, texts),
	);
	return { runs, seconds: (performance.now() - startedMs) / 1000, found };
}

/** Throws if a property does not hold, or if the text takes too long. */
export async function tryInTime(target: Target, text: string): Promise<void> {
	const startedMs = performance.now();
	await tryOne(target, text);
	if (performance.now() - startedMs < SLOW_MS) return;
	// Other processes may have used the CPU, so the CPU time is measured again.
	const ms = await leastCpuMs(target, text);
	if (ms >= SLOW_MS) throw new Error(`slow: ${Math.round(ms)} ms of CPU time for ${text.length} characters`);
}

/** Throws if a text of four times the length takes much more than four times as long. */
export async function tryGrowth(target: Target, { short, long, piece }: Long): Promise<void> {
	// Ignores errors, because the search that runs on edited texts reports broken properties.
	const costMs = (text: string): Promise<number> => leastCpuMs(target, text).catch(() => 0);
	const longMs = (await cpuMs(target, long).catch(() => 0)) < WORTH_MS ? 0 : await costMs(long);
	if (longMs < WORTH_MS) return;
	const shortMs = await costMs(short);
	if (longMs < STEEP * shortMs) return;
	const cost = `${Math.round(shortMs)} ms for ${short.length} characters, ${Math.round(longMs)} ms for ${long.length}`;
	throw new Error(`grows faster than its input: ${cost}: ${JSON.stringify(piece)} repeated`);
}

async function cpuMs(target: Target, text: string): Promise<number> {
	const before = process.cpuUsage();
	await tryOne(target, text);
	return process.cpuUsage(before).user / 1000;
}

const leastCpuMs = async (target: Target, text: string): Promise<number> =>
	Math.min(await cpuMs(target, text), await cpuMs(target, text));
