/** No regular expression of ours takes more than linear time: many of their inputs come from whoever may write an object. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ROOT, read } from '../../harness/documents.ts';

/** In so many characters a quadratic search takes a billion steps, which is a second; a linear one takes a millisecond. */
const LENGTH = 40_000;
const MOST_CPU_MS = 200;

const LITERAL =
	/(?<=[=(,?:!&|[] *)\/((?:[^/\\\n*[]|\\.|\[(?:[^\]\\\n]|\\.)*\])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])*)\/([dgimsuvy]*)(?![\w'])/g;
const COMMENT = /^\s*(\/\/|\/?\*).*$/gm;

const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
	file.endsWith('.ts'),
);
const found = files.flatMap((file) =>
	[...read(`src/${file}`).replace(COMMENT, '').matchAll(LITERAL)].map(([, source = '', flags = '']) => ({
		file,
		expression: new RegExp(source, flags.replace(/[gy]/g, '')),
	})),
);

/** What may drive it on and on: what it names itself, what it takes by class, and pairs of those. */
function unitsOf({ source }: RegExp): string[] {
	const words = source.replaceAll(/\\[a-z]/g, ' ').match(/[\w ":<-]{2,}/g) ?? [];
	const named = [...new Set(source.replaceAll(/\\[a-zA-Z]\w*/g, ''))].filter((one) => !'()?+*|\\^$'.includes(one));
	const single = [...new Set([...' \n\t0a.-"[{', ...named])];
	const pairs = named.slice(0, 5).flatMap((one) => named.slice(0, 5).map((other) => one + other));
	return [...single, ...words, ...pairs];
}

/** The most CPU time of one search, in milliseconds, and for what. */
function worst(expression: RegExp): { ms: number; unit: string } {
	let most = { ms: 0, unit: '' };
	for (const unit of unitsOf(expression)) {
		const text = `${unit.repeat(Math.ceil(LENGTH / unit.length))}\u0001`;
		const before = process.cpuUsage();
		expression.test(text);
		const { user } = process.cpuUsage(before);
		if (user / 1000 > most.ms) most = { ms: user / 1000, unit };
		if (most.ms > MOST_CPU_MS) break;
	}
	return most;
}

describe('regular expressions', function () {
	this.timeout(120_000);

	it('are found in the sources', () => expect(found).to.have.length.above(50));

	it('the search finds what is quadratic or worse', () => {
		for (const bad of [/\s+$/, /[-.]+$/]) expect(worst(bad).ms, String(bad)).to.be.above(MOST_CPU_MS);
	});

	for (const { file, expression } of found) {
		it(`src/${file} ${String(expression)}`, () => {
			const { ms, unit } = worst(expression);
			expect(ms, JSON.stringify(unit)).to.be.at.most(MOST_CPU_MS);
		});
	}

	it('none is made of what comes from outside', () => {
		expect(files.filter((file) => /new RegExp\(|\bRegExp\(/.test(read(`src/${file}`)))).to.deep.equal([]);
	});
});
