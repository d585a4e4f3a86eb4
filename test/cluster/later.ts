/** What would happen later, for tests that cannot wait so long: the clock that only goes forward is set ahead. */
const { now } = Performance.prototype;

/** While `act` runs, `performance.now()` is so much ahead. Timers are not. */
export async function later<T>(ms: number, act: () => Promise<T>): Promise<T> {
	performance.now = () => Reflect.apply(now, performance, []) + ms;
	try {
		return await act();
	} finally {
		Reflect.deleteProperty(performance, 'now');
	}
}
