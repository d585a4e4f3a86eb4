/** The threat model of docs/security.md: each of its lines names a test that is there. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ATTACK_NAMES } from '../../harness/attacks.ts';
import { between, codesOf, read, rowsOf } from '../../harness/documents.ts';

const lines = rowsOf(between(read('docs/security.md'), '## What an attacker can gain', '## '));

const escaped = (text: string): string => text.replaceAll(/[.*+?^()|[\]\\{}$]/g, '\\$&');

/** What `${name}` may be where a file makes a test of each attack: a line that names another would name a test that is not there. */
const ATTACK = `(${ATTACK_NAMES.map(escaped).join('|')})`;

/** Titles with what a loop puts into them left open, but for the names of attacks. */
function titlesIn(text: string): RegExp[] {
	const isOfAttacks = text.includes('of ATTACK_NAMES)');
	return [...text.matchAll(/\bit\(\s*(['`])((?:\\.|(?!\1)[^\\])*)\1/g)].map(([, , title = '']) => {
		const parts = title.split(/(\$\{[^}]*\})/).map((part, index) => {
			if (index % 2 === 0) return escaped(part);
			return isOfAttacks && /^\$\{name\}$/.test(part) ? ATTACK : '.+';
		});
		return new RegExp(`^${parts.join('')}$`);
	});
}

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
		const titles = titlesIn(read('test/e2e/hostile.test.ts'));
		const isThere = (title: string): boolean => titles.some((one) => one.test(title));
		expect(isThere('planted')).to.equal(false);
		expect(isThere('planted: every other review is answered')).to.equal(false);
		expect(isThere(`${ATTACK_NAMES[0]}: every other review is answered`)).to.equal(true);
	});

	it('every dependency has its line, and its date', () => {
		const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
		const table = between(read('docs/dependencies.md'), '| package', '## Why each package');
		const listed = rowsOf(table).filter(([name]) => name?.startsWith('`'));
		expect(listed.map(([name = '']) => codesOf(name)[0])).to.deep.equal(Object.keys(dependencies));
		for (const [name, version, published] of listed) {
			expect(published, name).to.match(/^(before )?20\d\d-\d\d(-\d\d)?$/);
			expect(dependencies[codesOf(name ?? '')[0] ?? ''], name).to.match(new RegExp(`(^|@)${version}$`));
		}
	});
});
