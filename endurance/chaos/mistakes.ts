/** Requests that failed because of us, told from the log while it is heard: of a line that is kept cut, nobody can say what it was. */
import type { Json } from '../../src/api/types.ts';

export interface Mistakes {
	/** One line of the log. */
	readonly hear: (said: Json) => void;
	/** How many there were, and the first of them; empty where there was none. */
	readonly told: () => string[];
}

const FAILED = ['review failed', 'request failed'];
/** What the language throws at who made a mistake. A look-up without an answer fails a review as well, and is none. */
const OURS = ['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError'];
const MOST = 5;

export function createMistakes(): Mistakes {
	const first: string[] = [];
	let count = 0;
	return {
		hear: ({ msg, err }) => {
			const { type, stack } = (err ?? {}) as { type?: string; stack?: string };
			if (!FAILED.includes(String(msg)) || !OURS.includes(String(type))) return;
			count += 1;
			if (first.length < MOST) first.push(`${String(msg)}: ${String(stack)}`);
		},
		told: () => (count === 0 ? [] : [`${count} in all, the first of them:`, ...first]),
	};
}
