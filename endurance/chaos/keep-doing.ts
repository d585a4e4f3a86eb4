import { setTimeout as sleep } from 'node:timers/promises';

/** `act` now, and again `everyMs` after it ended. `stop` resolves when it has ended, and rejects as `act` did. */
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
