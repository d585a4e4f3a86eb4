/** Waits for a condition instead of a fixed time. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats `isSo` until it returns true. The error contains the source of `isSo`. */
export async function until(isSo: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
	const deadlineMs = performance.now() + withinMs;
	while (!(await isSo())) {
		if (performance.now() > deadlineMs) throw new Error(`not so within ${withinMs / 1_000} s: ${isSo}`);
		await sleep(10);
	}
}
