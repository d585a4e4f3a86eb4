/** Something done over and over, beside everything else. */
import { setTimeout as sleep } from 'node:timers/promises';

/** `act` now and each time `everyMs` after it ended. `stop` resolves when it is no longer at it, and rejects with what it rejected with. */
export function keepDoing(act: () => Promise<void>, everyMs: number): { readonly stop: () => Promise<void> } {
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
