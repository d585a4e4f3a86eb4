/**
 * Large bodies are answered one at a time. Parsed, seven MiB of `{},` are twenty times as large, and take as long as a thousand small
 * reviews: a few of them at once would be the end of a pod with 512 MiB, and of everybody's patience.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Characters above which a body is large. */
export const LARGE_LENGTH = 64 * 1024;
/** Characters that may wait for their turn: thirty clients with half a MiB each. */
const WAITING_LIMIT = 16 * 1024 * 1024;
/** Characters of reviews that wait for a look-up, small and large: parsed, and so up to 40 MiB beside the one whose turn it is. */
const LOOKING_LIMIT = 2 * 1024 * 1024;
/** Work that holds up everybody else for longer is followed by a rest of the same length, so that they get half of the time. */
const SHORT_MS = 20;
/** No object takes longer by far; what does was made for it, and costs as much again when it is thrown away. */
const LONG_MS = 100;
const LONG_REST = 4;
/** An API server reads an answer at once. One that nobody reads would stay in memory. */
const SENDING_MS = 2_000;

/** As much waits for its turn as we want to hold. */
export class TooMuchWaiting extends Error {}

/** Runs `work` when what came before is over. Rejects with TooMuchWaiting. */
export type InTurn = (length: number, work: Work, response: ServerResponse) => Promise<void>;
/** A promise where it waits for something; the turn is over then, or one review could hold up all others by waiting. */
export type Work = () => void | Promise<void>;

export function createTurns(waitingLimit = WAITING_LIMIT, sendingMs = SENDING_MS): InTurn {
	let waiting = 0;
	let last = Promise.resolve();
	return async (length, work, response) => {
		if (waiting + length > waitingLimit) throw new TooMuchWaiting();
		waiting += length;
		const { promise, resolve: leave } = Promise.withResolvers<void>();
		const former = last;
		last = promise;
		await former;
		waiting -= length;
		let asking: Promise<void> | undefined;
		try {
			const startedMs = performance.now();
			asking = work() ?? undefined;
			// In which nobody else was served.
			const busyMs = performance.now() - startedMs;
			if (asking === undefined) await sent(response, sendingMs);
			if (busyMs > SHORT_MS) await sleep(busyMs > LONG_MS ? LONG_REST * busyMs : busyMs);
		} finally {
			leave();
		}
		await asking;
	};
}

/** Told of a review that begins to wait, and when that is over. Throws TooMuchWaiting where no more of them fit. */
export type Looking = (length: number, working: Promise<unknown>) => void;

export function createLooking(limit = LOOKING_LIMIT): Looking {
	let looking = 0;
	return (length, working) => {
		if (looking + length > limit) throw new TooMuchWaiting();
		looking += length;
		const end = (): void => {
			looking -= length;
		};
		working.then(end, end);
	};
}

async function sent(response: ServerResponse, limitMs: number): Promise<void> {
	if (response.writableFinished || response.destroyed || !response.writableEnded) return;
	const timer = setTimeout(() => response.destroy(), limitMs);
	await once(response, 'close').catch(() => undefined);
	clearTimeout(timer);
}
