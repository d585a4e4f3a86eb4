import { expect } from 'chai';
import { retiredWords } from '../../../scripts/words.ts';

describe('scripts/words.ts', () => {
	for (const [file, line, expected] of [
		['docs/a.md', 'Whoever can create pods', ['docs/a.md:1: "Whoever"; write any client that']],
		['docs/a.md', 'the test `nobody reads` is quoted', []],
		['src/a.ts', "const text = 'somebody did it';", ['src/a.ts:1: "somebody"; write another client, a user']],
		['src/a.ts', 'interface Patience {', ['src/a.ts:1: Patience; the name is SettleTimer, RevertBackoff']],
		['src/a.ts', '	// Clients carry a token.', []],
		['src/a.ts', "'certificate-authority-data',", []],
		['test/a.ts', 'interface Patience {', []],
	] as const) {
		it(`${file} › ${line.trim()} › ${expected.length === 0 ? 'accepted' : 'reported'}`, () => {
			expect(retiredWords(file, line)).to.deep.equal(expected);
		});
	}
});
