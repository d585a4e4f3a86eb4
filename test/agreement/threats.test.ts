/** The threat model of docs/security.md: each of its lines names a test that is there. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { between, codesOf, read, rowsOf } from './documents.ts';

const lines = rowsOf(between(read('docs/security.md'), '## What somebody gets', '## '));

/** Titles with what a loop puts into them left open. */
const titlesIn = (text: string): RegExp[] =>
	[...text.matchAll(/\bit\(\s*(['`])((?:\\.|(?!\1)[^\\])*)\1/g)].map(([, , title = '']) => {
		const parts = title.split(/\$\{[^}]*\}/).map((part) => part.replaceAll(/[.*+?^()|[\]\\{}$]/g, '\\$&'));
		return new RegExp(`^${parts.join('.+')}$`);
	});

describe('threat model', () => {
	it('has its lines', () => expect(lines).to.have.length.above(20));

	for (const [tries = '', , test = ''] of lines) {
		it(`${tries}: the test is there`, () => {
			const [file = ''] = codesOf(test);
			const title = test.slice(test.indexOf(': ') + 2);
			expect(
				titlesIn(read(file)).some((one) => one.test(title)),
				test,
			).to.equal(true);
		});
	}

	it('a title that is not there is found out', () => {
		expect(titlesIn(read('test/main.hostile.test.ts')).some((one) => one.test('planted'))).to.equal(false);
	});

	it('every dependency has its line, and its date', () => {
		const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
		const listed = rowsOf(read('docs/dependencies.md')).filter(([name]) => name?.startsWith('`'));
		expect(listed.map(([name = '']) => codesOf(name)[0])).to.deep.equal(Object.keys(dependencies));
		for (const [name, version, published] of listed) {
			expect(published, name).to.match(/^(before )?20\d\d-\d\d(-\d\d)?$/);
			expect(dependencies[codesOf(name ?? '')[0] ?? ''], name).to.match(new RegExp(`(^|@)${version}$`));
		}
	});
});
