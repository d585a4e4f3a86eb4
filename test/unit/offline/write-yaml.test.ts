import { expect } from 'chai';
import fc from 'fast-check';
import { parse } from 'yaml';
import { writeYaml } from '../../../src/manifests/write-yaml.ts';
import { parseYaml } from '../../../src/manifests/yaml.ts';
import { PLAIN, TEXTS } from '../../harness/snippets.ts';

const ODD_LETTERS = [
	...' \n\r\t-:#?\'"\\|>!&*%@`{}[],.0123_eExobynN~<=',
	'\u0085',
	'\u2028',
	'\ufeff',
	'\u007f',
	'é',
	'😀',
];
const texts = fc.string({ unit: fc.constantFrom(...ODD_LETTERS), maxLength: 10 });
const json = fc.letrec((tie) => ({
	value: fc.oneof(
		{ maxDepth: 4 },
		texts,
		fc.constantFrom(true, false, null, 0, 1.5, -1e-7, 1e21),
		fc.array(tie('value'), { maxLength: 3 }),
		fc.dictionary(texts, tie('value'), { maxKeys: 3 }),
	),
})).value;

describe('written YAML', () => {
	for (const text of [...TEXTS, ...PLAIN.map(([plain]) => plain)]) {
		it(`keeps ${JSON.stringify(text.slice(0, 40))}`, () => {
			const value = { a: text, b: [text, { c: [text] }], [text]: { [text]: 1 } };
			const written = writeYaml(value);
			expect(parseYaml(written)?.value).to.deep.equal(value);
			for (const version of ['1.1', '1.2'] as const) expect(parse(written, { version })).to.deep.equal(value);
		});
	}
	it('keeps anything', () => {
		fc.assert(
			fc.property(json, (value) => {
				const written = writeYaml({ value });
				expect(parseYaml(written)?.value).to.deep.equal({ value });
				for (const version of ['1.1', '1.2'] as const) expect(parse(written, { version })).to.deep.equal({ value });
			}),
			{ numRuns: 500 },
		);
	});
	it('keeps every digit', () => {
		const value = { a: 9007199254740993n, b: [-(2n ** 63n), 2n ** 70n] };
		expect(writeYaml(value)).to.equal(
			'a: 9007199254740993\nb:\n  - -9223372036854775808\n  - 1180591620717411303424\n',
		);
		expect(parseYaml(writeYaml(value))?.value).to.deep.equal(value);
	});
	it('is what a person would write', () => {
		expect(writeYaml({ a: 'b c', d: "it's", e: 'no', f: 'g\n  h\n', i: [], j: '' })).to.equal(
			"a: b c\nd: it's\ne: 'no'\nf: |\n  g\n    h\ni: []\nj: ''\n",
		);
	});
	it('writes the same object twice, not an alias', () => {
		const same = { a: 1 };
		expect(writeYaml([same, same])).to.equal('- a: 1\n- a: 1\n');
	});
});
