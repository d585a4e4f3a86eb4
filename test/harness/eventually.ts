/** Repeats `check` until it does not throw. */
export async function eventually(check: () => Promise<unknown>, withinMs = 25_000): Promise<void> {
	const deadlineMs = performance.now() + withinMs;
	for (;;) {
		try {
			await check();
			return;
		} catch (error) {
			if (performance.now() > deadlineMs) throw error;
			await new Promise((resolve) => setTimeout(resolve, 250));
		}
	}
}
