/** Waits for a condition instead of a fixed time. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats `isSo` until it returns true. Only the timeout of the test limits the wait. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
	while (!(await isSo())) await sleep(10);
}
