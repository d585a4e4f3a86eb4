/** Waiting without guessing how long. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Looks until `isSo` holds. The test's own timeout ends it otherwise. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
	while (!(await isSo())) await sleep(10);
}
