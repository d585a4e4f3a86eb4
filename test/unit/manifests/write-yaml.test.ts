import { expect } from 'chai';
import fc from 'fast-check';
import { parse } from 'yaml';
import { writeYaml } from '../../../src/manifests/write-yaml.ts';
import { parseYaml } from '../../../src/manifests/yaml.ts';
import { PLAIN, TEXTS } from '../../harness/snippets.ts';

const SPECIAL = [...' \n\r\t-:#?\'"\\|>!&*%@`{}[],.0123_eExobynN~<=', ...'\u0085\u2028\ufeff\u007fé😀'];
const texts = fc.string({ unit: fc.constantFrom(...SPECIAL), maxLength: 10 });
const json = fc.letrec((tie) => ({
	value: fc.oneof(
		{ maxDepth: 4 },
		texts,
		fc.constantFrom(true, false, null, 0, 1.5, -1e-7, 1e21),
		fc.array(tie('value'), { maxLength: 3 }),
		fc.dictionary(texts, tie('value'), { maxKeys: 3 }),
	),
})).value;

function expectSame(value: unknown): void {
	const written = writeYaml(value);
	expect(parseYaml(written)?.value).to.deep.equal(value);
	for (const version of ['1.1', '1.2'] as const) expect(parse(written, { version })).to.deep.equal(value);
}

describe('writeYaml', () => {
	for (const text of [...TEXTS, ...PLAIN.map(([plain]) => plain)])
		it(`${JSON.stringify(text.slice(0, 40))} › read back the same`, () =>
			expectSame({ a: text, b: [text, { c: [text] }], [text]: { [text]: 1 } }));
	it('any JSON › read back the same', () => {
		fc.assert(
			fc.property(json, (value) => expectSame({ value })),
			{ numRuns: 500 },
		);
	});
	it('bigints › every digit', () => {
		const value = { a: 9007199254740993n, b: [-(2n ** 63n), 2n ** 70n] };
		const written = 'a: 9007199254740993\nb:\n  - -9223372036854775808\n  - 1180591620717411303424\n';
		expect(writeYaml(value)).to.equal(written);
		expect(parseYaml(written)?.value).to.deep.equal(value);
	});
	it('texts › quoted only if needed; the same object more than once › no alias', () => {
		const same = { e: 'no' };
		expect(writeYaml({ a: "it's", f: 'g\n  h\n', i: [], j: [same, same] })).to.equal(
			"a: it's\nf: |\n  g\n    h\ni: []\nj:\n  - e: 'no'\n  - e: 'no'\n",
		);
	});
});
