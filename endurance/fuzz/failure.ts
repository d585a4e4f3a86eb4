/** What is wrong with one input, and the smallest text of which the same is wrong. */
import { type Target, tryOne } from './target.ts';

export interface Found {
	readonly text: string;
	readonly reason: string;
}

/** CPU time that no input of the lengths we try is worth. */
const SLOW_MS = 400;

/** In words; undefined where every promise was kept. */
export async function failureOf(target: Target, text: string): Promise<string | undefined> {
	const startedMs = performance.now();
	try {
		await tryOne(target, text);
	} catch (error) {
		return error instanceof Error ? (error.stack ?? error.message) : String(error);
	}
	if (performance.now() - startedMs < SLOW_MS) return undefined;
	// Somebody else may have had the processor, so it is measured again, and what was used is what counts.
	const ms = Math.min(await cpuMs(target, text), await cpuMs(target, text));
	return ms < SLOW_MS ? undefined : `slow: ${Math.round(ms)} ms of CPU time for ${text.length} characters`;
}

/** CPU time in milliseconds that one run takes. */
export async function cpuMs(target: Target, text: string): Promise<number> {
	const before = process.cpuUsage();
	await tryOne(target, text);
	return process.cpuUsage(before).user / 1000;
}

/** Equal for failures with one cause: where it was thrown, else where it was noticed. */
export function signatureOf(reason: string): string {
	const place = /\/src\/[^\s)]+/.exec(reason) ?? /\/fuzz\/targets\/[^\s)]+/.exec(reason);
	return place?.[0] ?? reason.slice(0, 40);
}

const SHRINK_MS = 3000;

/** Takes pieces out as long as it still fails in the same way. */
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
