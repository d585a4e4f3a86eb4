/** Every relative link of the documents, and every #anchor, leads somewhere. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect } from 'chai';
import { DOCUMENTS, ROOT, read } from './documents.ts';

const withoutCode = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, '');

/** Targets of `[text](target)` and of `[id]: target`. Code is no link. */
const linksIn = (text: string): string[] => {
	const prose = withoutCode(text).replaceAll(/`[^`\n]*`/g, '');
	return [...prose.matchAll(/\]\(([^()\s]+)\)|^\[[^\]]+\]: (\S+)/gm)].map(([, inline, below]) => inline ?? below ?? '');
};

/** As GitHub makes them of headings: small letters, words joined by `-`, the second of a name with `-1`. */
function anchorsIn(text: string): Set<string> {
	const seen = new Map<string, number>();
	const anchors = new Set<string>();
	for (const [, title = ''] of withoutCode(text).matchAll(/^#{1,6} (.+)$/gm)) {
		const plain = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');
		const slug = plain
			.trim()
			.toLowerCase()
			.replaceAll(/[^\p{L}\p{N} _-]/gu, '')
			.replaceAll(' ', '-');
		const count = seen.get(slug) ?? 0;
		seen.set(slug, count + 1);
		anchors.add(count === 0 ? slug : `${slug}-${count}`);
	}
	return anchors;
}

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

	it('docs/README.md leads to every page', () => {
		const pages = DOCUMENTS.filter((file) => file.startsWith('docs/') && file !== 'docs/README.md');
		const linked = linksIn(read('docs/README.md')).map((link) => `docs/${link}`);
		expect(linked).to.include.members(pages);
	});
});
