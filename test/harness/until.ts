/** Waits without a fixed time. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats `isSo` until it is true. Otherwise the timeout of the test ends it. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
	while (!(await isSo())) await sleep(10);
}
