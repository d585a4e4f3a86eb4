import { expect } from 'chai';
import { retiredWords } from '../../../scripts/words.ts';

const SILENT = 'docs/a.md:1: thv_scaling_watch_silent_seconds; the name is thv_scaling_watch_last_event_age_seconds';

describe('scripts/words.ts', () => {
	for (const [file, line, expected] of [
		['docs/a.md', 'Whoever can create pods', ['docs/a.md:1: "Whoever"; write any client that']],
		['docs/a.md', 'the test `nobody reads` is quoted', []],
		['src/a.ts', "const text = 'somebody did it';", ['src/a.ts:1: "somebody"; write another client, a user']],
		['src/a.ts', 'interface Patience {', ['src/a.ts:1: Patience; the name is SettleTimer, RevertBackoff']],
		['src/a.ts', '	// Clients carry a token.', []],
		['src/a.ts', "'certificate-authority-data',", []],
		['test/a.ts', 'interface Patience {', []],
		['test/a.ts', '// One Registration calls it.', ['test/a.ts:1: "Registration"; write webhook configuration']],
		['docs/a.md', '`thv_scaling_watch_silent_seconds`', [SILENT]],
		['docs/a.md', '`thv_scaling_watch_silent_seconds_total`', []],
		['docs/a.md', '{what="authority"}', ['docs/a.md:1: what="authority"; the name is what="ca"']],
	] as const) {
		it(`${file} › ${line.trim()} › ${expected.length === 0 ? 'accepted' : 'reported'}`, () => {
			expect(retiredWords(file, line)).to.deep.equal(expected);
		});
	}
});
