/** Compares the product's YAML reader and writer with kubectl. */
import { expect } from 'chai';
import fc from 'fast-check';
import { parseJson } from '../../src/manifests/json.ts';
import { writeYaml } from '../../src/manifests/write-yaml.ts';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { DIFFERENT, PLAIN, REFUSED, TEXTS, VALUES } from '../harness/snippets.ts';
import { comparable, NAME, type Reading, readByKubectl, readByProduct } from './kubectl-reading.ts';
import { DAMAGED, ENCODED, ENCODINGS, READ_ALIKE, REPORTED } from './kubectl-texts.ts';

const HEAD = `apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: ${NAME}}\n`;
const inSpec = (text: string): string => `${HEAD}spec:\n  a: ${text}\n`;
const written = (spec: unknown): string =>
	writeYaml({ apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: NAME }, spec });
const specIn = ({ objects }: Reading): unknown => (objects[0] as { spec?: unknown } | undefined)?.spec;

/** The same in every run. Change the seed to search for unknown differences. */
const SEED = 20_260_101;

describe('YAML in kubectl and the product', function () {
	this.timeout(120_000);
	const plane = needControlPlane();

	describe('a value', () => {
		const cases = [...PLAIN, ...VALUES];
		let read: Reading[];
		before(async () => {
			const texts = [...cases.map(([text]) => text), ...REFUSED, ...DIFFERENT.map(([text]) => text)];
			read = await readByKubectl(plane(), texts.map(inSpec));
		});
		for (const [index, [text, value]] of cases.entries()) {
			it(JSON.stringify(text), async () => {
				expect(specIn(read[index] as Reading)).to.deep.equal(comparable({ a: value }));
				expect(await readByProduct(inSpec(text), index)).to.deep.equal(read[index]);
			});
		}
		for (const [index, text] of REFUSED.entries()) {
			it(`${JSON.stringify(text)} › refused`, async () => {
				expect(read[cases.length + index]).to.deep.equal({ objects: [], isRefused: true });
				expect(await readByProduct(inSpec(text), index)).to.deep.equal({ objects: [], isRefused: true });
			});
		}
		for (const [index, [text, , value]] of DIFFERENT.entries()) {
			it(`${JSON.stringify(text)} › read differently by the product`, () => {
				const spec = value === undefined ? undefined : comparable({ a: value });
				expect(specIn(read[cases.length + REFUSED.length + index] as Reading)).to.deep.equal(spec);
			});
		}
	});

	describe('a whole file', () => {
		let alike: Reading[];
		let reported: Reading[];
		before(async () => {
			alike = await readByKubectl(plane(), Object.values(READ_ALIKE));
			reported = await readByKubectl(plane(), Object.values(REPORTED));
		});
		for (const [index, [what, text]] of Object.entries(READ_ALIKE).entries()) {
			it(`${what} › kubectl and the product read the same`, async () => {
				expect(await readByProduct(text, index)).to.deep.equal(alike[index]);
			});
		}
		for (const [index, [what, text]] of Object.entries(REPORTED).entries()) {
			it(`${what} › kubectl refuses or drops a part, the product reports it`, async () => {
				expect((await readByProduct(text, index)).isRefused).to.equal(true);
				expect(reported[index]).not.to.deep.equal(await readByProduct(text, index));
			});
		}
	});

	describe('an encoding', () => {
		for (const [what, encode] of Object.entries(ENCODINGS)) {
			it(`${what} › read as kubectl reads it`, async () => {
				const read = await readByKubectl(plane(), ENCODED, encode);
				const isRead = what.endsWith(' with a byte order mark');
				expect(read.map(({ isRefused }) => isRefused)).to.deep.equal(ENCODED.map(() => !isRead));
				for (const [index, text] of ENCODED.entries()) {
					expect(await readByProduct(text, index, encode)).to.deep.equal(read[index]);
				}
			});
		}
		for (const [what, encode] of Object.entries(DAMAGED)) {
			it(`${what} › kubectl reads it, the product refuses it`, async () => {
				const [, read] = await readByKubectl(plane(), ENCODED, encode);
				expect(read?.objects).to.have.length(2);
				expect((await readByProduct(ENCODED[1] ?? '', 1, encode)).isRefused).to.equal(true);
			});
		}
	});

	it('a thousand texts with random parts of YAML › none is read differently', async () => {
		const words = 'a|b|1|0|_|.|no|~|- |: |? |, |{|}|[|]|"|\'| #|>|&x |*x|!!str |!!int |<<: |\\n|---|%'.split('|');
		const part = fc.constantFrom(...words, ' ', '  ', '\n', '\n  ', '\n    ', '\r\n', '\n\n', '|', '|-', '>+');
		const bodies = fc.sample(fc.array(part, { minLength: 1, maxLength: 12 }), { seed: SEED, numRuns: 1_000 });
		const texts = bodies.map((parts) => inSpec(parts.join('')));
		const read = await readByKubectl(plane(), texts);
		let alike = 0;
		for (const [index, text] of texts.entries()) {
			const one = await readByProduct(text, index);
			if (one.isRefused || read[index]?.isRefused) continue;
			expect(one, JSON.stringify(text)).to.deep.equal(read[index]);
			alike += 1;
		}
		expect(alike).to.be.greaterThan(200);
	});

	it('written texts, even as keys › kubectl reads the same', async () => {
		const letters = [...' \n\r\t-:#?\'"\\|>!&*%@`{}[],.0123456789_eExobynN~<=', ...'\u0085\u2028\ufeff\u007fé', '😀'];
		const random = fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 });
		const texts = [...TEXTS, ...PLAIN.map(([text]) => text), ...fc.sample(random, { seed: SEED, numRuns: 500 })];
		const specs = texts.map((text) => ({ a: text, b: [text, [text], { c: text }], [text]: { [text]: 1 } }));
		const read = await readByKubectl(plane(), specs.map(written));
		for (const [index, spec] of specs.entries()) {
			expect(specIn(read[index] as Reading), JSON.stringify(texts[index])).to.deep.equal(comparable(spec));
		}
	});

	it('written numbers › kubectl reads the same', async () => {
		const integers = [0, -0, -1, 1e6, 1e21, 2 ** 53, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 64n];
		const numbers = [...integers, 1.5, 1e-7, 5e-324, Number.MAX_VALUE];
		const read = await readByKubectl(plane(), [written(numbers)]);
		expect(specIn(read[0] as Reading)).to.deep.equal(comparable(numbers));
	});

	it('any written JSON › kubectl reads the same', async () => {
		const texts = fc.sample(fc.json(), { seed: SEED, numRuns: 300 });
		// Uses a bigint where a manifest would have many digits.
		const values = texts.map((text) => parseJson(`{"value":${text}}`).value);
		const read = await readByKubectl(plane(), values.map(written));
		for (const [index, value] of values.entries()) {
			expect(specIn(read[index] as Reading), texts[index]).to.deep.equal(comparable(value));
		}
	});
});
