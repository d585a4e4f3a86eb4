/** Moves the monotonic clock ahead, for tests that cannot wait. */
const now = performance.now.bind(performance);

/** Runs `act` while `performance.now()` is `ms` ahead. Timers do not change. */
export async function later<T>(ms: number, act: () => Promise<T>): Promise<T> {
	performance.now = () => now() + ms;
	try {
		return await act();
	} finally {
		Reflect.deleteProperty(performance, 'now');
	}
}
