/**
 * How often the API server is asked because somebody else asked us. A review may name any server, and whoever reaches our port may send
 * reviews: without a bound each of them would be a request in our name, and would slow down our own watches' and Leases' calls.
 */

/** Misses are rare: a server is remembered moments after it was made. So many at once, then so many a second. */
const BURST = 100;
const PER_SECOND = 20;

/** So many are looked up already. */
export class TooManyLookups extends Error {}

export interface LookupLimiter {
	/** What `known` gives once it gives something, or what `ask` gives when its turn comes. Ends with `signal`. */
	readonly look: <T>(
		known: () => T | undefined,
		ask: () => Promise<T | undefined>,
		signal: AbortSignal,
	) => Promise<T | undefined>;
	/** Something is known that was not known before. */
	readonly learned: () => void;
	readonly stop: () => void;
}

interface Waiting {
	readonly begin: () => void;
	readonly isKnown: () => boolean;
	readonly giveUp: (reason: unknown) => void;
}

export function createLookupLimiter(most: number, burst = BURST, perSecond = PER_SECOND): LookupLimiter {
	const waiting = new Set<Waiting>();
	let running = 0;
	let tokens = burst;
	let countedMs = performance.now();
	let timer: NodeJS.Timeout | undefined;

	const mayAsk = (): boolean => {
		const nowMs = performance.now();
		tokens = Math.min(burst, tokens + ((nowMs - countedMs) / 1000) * perSecond);
		countedMs = nowMs;
		return tokens >= 1 && running < most;
	};
	/** The newest first: who waits for long will not be waited for. */
	const begin = (): void => {
		clearTimeout(timer);
		while (waiting.size > 0 && mayAsk()) [...waiting].at(-1)?.begin();
		if (waiting.size > 0) timer = setTimeout(begin, 1000 / perSecond);
	};
	return {
		look: (known, ask, signal) =>
			new Promise((resolve, reject) => {
				const stopWaiting = (): void => {
					waiting.delete(entry);
					signal.removeEventListener('abort', onAbort);
				};
				const onAbort = (): void => entry.giveUp(signal.reason);
				const entry: Waiting = {
					begin: () => {
						stopWaiting();
						tokens -= 1;
						running += 1;
						ask()
							.then(resolve, reject)
							.finally(() => {
								running -= 1;
							});
					},
					isKnown: () => {
						const found = known();
						if (found === undefined) return false;
						stopWaiting();
						resolve(found);
						return true;
					},
					giveUp: (reason) => {
						stopWaiting();
						reject(reason);
					},
				};
				signal.addEventListener('abort', onAbort, { once: true });
				waiting.add(entry);
				begin();
				const [oldest] = waiting;
				if (waiting.size > most) oldest?.giveUp(new TooManyLookups('too many servers are looked up'));
			}),
		learned: () => {
			for (const one of [...waiting]) one.isKnown();
		},
		stop: () => clearTimeout(timer),
	};
}
