/** For tests that cannot wait: the monotonic clock is set ahead. */
const now = performance.now.bind(performance);

/** While `act` runs, `performance.now()` is `ms` ahead. Timers are not. */
export async function later<T>(ms: number, act: () => Promise<T>): Promise<T> {
	performance.now = () => now() + ms;
	try {
		return await act();
	} finally {
		Reflect.deleteProperty(performance, 'now');
	}
}
