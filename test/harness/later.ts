/** What would happen later, for tests that cannot wait so long: the clock that only goes forward is set ahead. */
const now = performance.now.bind(performance);

/** While `act` runs, `performance.now()` is so much ahead. Timers are not. */
export async function later<T>(ms: number, act: () => Promise<T>): Promise<T> {
	performance.now = () => now() + ms;
	try {
		return await act();
	} finally {
		Reflect.deleteProperty(performance, 'now');
	}
}
