import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Calls `act` now, and again `everyMs` after each call has ended. `stop` resolves when the last call has ended, and
 * rejects if `act` rejected.
 */
export function keepDoing(act: () => Promise<unknown>, everyMs: number): { readonly stop: () => Promise<void> } {
	let isOver = false;
	const doing = (async () => {
		while (!isOver) {
			await act();
			await sleep(everyMs);
		}
	})();
	return {
		stop: () => {
			isOver = true;
			return doing;
		},
	};
}
