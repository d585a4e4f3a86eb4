/** An amount that all requests share, such as bytes of bodies or requests in flight. */
export interface Budget {
	/** Returns false if that amount is not available now. */
	readonly reserve: (amount: number) => boolean;
	readonly release: (amount: number) => void;
	readonly reserved: () => number;
}

export function createBudget(limit: number): Budget {
	let reserved = 0;
	return {
		reserve: (amount) => {
			if (reserved + amount > limit) return false;
			reserved += amount;
			return true;
		},
		release: (amount) => {
			reserved -= amount;
		},
		reserved: () => reserved,
	};
}
