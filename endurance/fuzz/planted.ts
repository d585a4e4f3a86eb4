/** A fault that is there to be found, behind doors of which each opens only to a text that went through the one before. */
import type { Target } from './target.ts';

/** One change of a text puts in one letter, and a text is changed at most four times: who keeps nothing never has them all. */
export const DOORS = 'QZXJVW';

export const maze: Target = {
	name: 'planted',
	reads: 'six letters',
	seeds: () => ['-'],
	words: [...DOORS],
	code: import.meta.url,
	check: (text) => {
		let open = 0;
		if (text[0] === 'Q') {
			open += 1;
			if (text[1] === 'Z') {
				open += 1;
				if (text[2] === 'X') {
					open += 1;
					if (text[3] === 'J') {
						open += 1;
						if (text[4] === 'V') {
							open += 1;
							if (text[5] === 'W') throw new Error(`planted behind ${open} doors`);
						}
					}
				}
			}
		}
	},
};
