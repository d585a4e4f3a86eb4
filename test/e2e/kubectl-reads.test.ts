/** Compares the product's YAML reader and writer with kubectl. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { parseJson } from '../../src/manifests/json.ts';
import { writeYaml } from '../../src/manifests/write-yaml.ts';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { startProgram } from '../harness/program.ts';
import { DIFFERENT, PLAIN, REFUSED, TEXTS, VALUES } from '../harness/snippets.ts';
import { comparable, type Reading, readByKubectl, readByProduct } from './kubectl-reading.ts';
import { ENCODED, ENCODINGS, NAME, READ_ALIKE, REPORTED } from './kubectl-texts.ts';

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

	it('snippets › kubectl reads the values that the unit tests expect from the product', async () => {
		const cases: (readonly [text: string, value: unknown])[] = [
			...[...PLAIN, ...VALUES].map(([text, value]) => [text, { a: value }] as const),
			...REFUSED.map((text) => [text, undefined] as const),
			...DIFFERENT.map(([text, , value]) => [text, value === undefined ? undefined : { a: value }] as const),
		];
		const read = await readByKubectl(
			plane(),
			cases.map(([text]) => inSpec(text)),
		);
		for (const [index, [text, spec]] of cases.entries()) {
			expect(specIn(read[index] as Reading), JSON.stringify(text)).to.deep.equal(comparable(spec));
			expect(read[index]?.isRefused, JSON.stringify(text)).to.equal(spec === undefined);
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
		it('the output of review -o yaml for all these files › kubectl reads the same objects', async () => {
			const folder = mkdtempSync(join(tmpdir(), 'review-output-'));
			for (const [index, text] of Object.values(READ_ALIKE).entries())
				writeFileSync(join(folder, `${index}.yaml`), text.replaceAll(NAME, `n${index}`));
			const { stdout } = await startProgram(['review', '-o', 'yaml', folder]).ended;
			rmSync(folder, { recursive: true });
			// All objects are in the first text. Their names relate them to the files.
			const read = await readByKubectl(plane(), [stdout, ...alike.slice(1).map(() => '')]);
			for (const [index, { objects, isRefused }] of alike.entries())
				if (!isRefused) expect(read[index]?.objects, Object.keys(READ_ALIKE)[index]).to.deep.equal(objects);
		});
		it('UTF-8 and UTF-16 with a byte order mark › kubectl and the product read the same', async () => {
			for (const [what, encode] of Object.entries(ENCODINGS)) {
				for (const [index, read] of (await readByKubectl(plane(), ENCODED, encode)).entries()) {
					expect(read.isRefused, what).to.equal(false);
					expect(await readByProduct(ENCODED[index] ?? '', index, encode), what).to.deep.equal(read);
				}
			}
		});
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

	it('written texts, even as keys, numbers and any JSON › kubectl reads the same', async () => {
		const letters = [...' \n\r\t-:#?\'"\\|>!&*%@`{}[],.0123456789_eExobynN~<=', ...'\u0085\u2028\ufeff\u007fé', '😀'];
		const random = fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 });
		const texts = [...TEXTS, ...PLAIN.map(([text]) => text), ...fc.sample(random, { seed: SEED, numRuns: 500 })];
		const integers = [0, -0, -1, 1e6, 1e21, 2 ** 53, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 64n];
		const specs = [
			...texts.map((text) => ({ a: text, b: [text, [text], { c: text }], [text]: { [text]: 1 } })),
			[...integers, 1.5, 1e-7, 5e-324, Number.MAX_VALUE],
			// Uses a bigint where a manifest would have many digits.
			...fc.sample(fc.json(), { seed: SEED, numRuns: 300 }).map((text) => parseJson(`{"value":${text}}`).value),
		];
		const read = await readByKubectl(plane(), specs.map(written));
		for (const [index, spec] of specs.entries())
			expect(specIn(read[index] as Reading), written(spec)).to.deep.equal(comparable(spec));
	});
});
