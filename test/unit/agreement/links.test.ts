/** Every relative link of the documents, and every #anchor, leads somewhere. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect } from 'chai';
import { anchorsIn, DOCUMENTS, ROOT, read, withoutCode } from '../../harness/documents.ts';

/** Targets of `[text](target)` and of `[id]: target`. Code is no link. */
const linksIn = (text: string): string[] => {
	const prose = withoutCode(text).replaceAll(/`[^`\n]*`/g, '');
	return [...prose.matchAll(/\]\(([^()\s]+)\)|^\[[^\]]+\]: (\S+)/gm)].map(([, inline, below]) => inline ?? below ?? '');
};

describe('links', () => {
	it('are found, and code is none', () => {
		expect(linksIn('[a](b.md#c) `[d](e)`\n```\n[f](g)\n```\n[h]: i.md')).to.deep.equal(['b.md#c', 'i.md']);
	});
	it('anchors are made as GitHub makes them', () => {
		const text = '# A `b-c`, d!\n## [E](f) 1. g\n```\n# no\n```\n## x\n## x\n';
		expect([...anchorsIn(text)]).to.deep.equal(['a-b-c-d', 'e-1-g', 'x', 'x-1']);
	});

	for (const file of DOCUMENTS) {
		it(`of ${file} lead somewhere`, () => {
			const dead = linksIn(read(file)).filter((link) => {
				if (/^[a-z]+:/.test(link)) return false;
				const [path = '', anchor] = link.split('#');
				const target = path === '' ? file : normalize(join(dirname(file), path));
				if (target.startsWith('..') || !existsSync(join(ROOT, target))) return true;
				return anchor !== undefined && !anchorsIn(read(target)).has(anchor);
			});
			expect(dead).to.deep.equal([]);
		});
	}

	for (const folder of ['docs', 'docs/adr']) {
		it(`${folder}/README.md leads to every page`, () => {
			const index = `${folder}/README.md`;
			const pages = DOCUMENTS.filter((file) => dirname(file) === folder && file !== index);
			const linked = linksIn(read(index)).map((link) => `${folder}/${link}`);
			expect(linked).to.include.members(pages);
		});
	}
	it('docs/README.md leads to the decisions', () => {
		expect(linksIn(read('docs/README.md'))).to.include('adr/README.md');
	});
});
