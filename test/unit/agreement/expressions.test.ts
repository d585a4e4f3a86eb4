/**
 * Tests that every regular expression in src/ takes at most linear time, because anyone who can write an object
 * controls its input.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT, read } from '../../harness/documents.ts';

/**
 * For this length, a quadratic search takes a billion steps (about a second), and a linear search takes a millisecond.
 */
const LENGTH = 40_000;
const MOST_CPU_MS = 200;

const LITERAL =
	/(?<=[=(,?:!&|[] *)\/((?:[^/\\\n*[]|\\.|\[(?:[^\]\\\n]|\\.)*\])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])*)\/([dgimsuvy]*)(?![\w'])/g;
const COMMENT = /^\s*(\/\/|\/?\*).*$/gm;

const names = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
const files = names.filter((name) => name.endsWith('.ts')).map((name) => `src/${name}`);
const found = files.flatMap((file) =>
	[...read(file).replace(COMMENT, '').matchAll(LITERAL)].map(
		([, source = '', flags = '']) => [file, new RegExp(source, flags.replace(/[gy]/g, ''))] as const,
	),
);

/**
 * Returns texts whose repetition may slow the expression down: its own characters, words and classes, and pairs of
 * them.
 */
function unitsOf({ source }: RegExp): string[] {
	const words = source.replaceAll(/\\[a-z]/g, ' ').match(/[\w ":<-]{2,}/g) ?? [];
	const named = [...new Set(source.replaceAll(/\\[a-zA-Z]\w*/g, ''))].filter((one) => !'()?+*|\\^$'.includes(one));
	const pairs = named.slice(0, 5).flatMap((one) => named.slice(0, 5).map((other) => one + other));
	return [...new Set([...' \n\t0a.-"[{', ...named]), ...words, ...pairs];
}

/** Returns the most CPU time of one search, in milliseconds, and the repeated text. */
function worst(expression: RegExp): { ms: number; unit: string } {
	let most = { ms: 0, unit: '' };
	for (const unit of unitsOf(expression)) {
		const text = `${unit.repeat(Math.ceil(LENGTH / unit.length))}\u0001`;
		const before = process.cpuUsage();
		expression.test(text);
		const ms = process.cpuUsage(before).user / 1000;
		if (ms > most.ms) most = { ms, unit };
		if (ms > MOST_CPU_MS) break;
	}
	return most;
}

describe('regular expressions', function () {
	this.timeout(120_000);

	it('literals › found in src, and no expression is built from a string', () => {
		expect(found).to.have.length.above(50);
		expect(files.filter((file) => /\bRegExp\(/.test(read(file)))).to.deep.equal([]);
	});
	for (const quadratic of [/\s+$/, /[-.]+$/]) {
		it(`${quadratic} › quadratic › too much CPU time`, () => expect(worst(quadratic).ms).to.be.above(MOST_CPU_MS));
	}
	for (const [file, expression] of found) {
		it(`${file} ${expression} › at most ${MOST_CPU_MS} ms`, () => {
			const { ms, unit } = worst(expression);
			expect(ms, JSON.stringify(unit)).to.be.at.most(MOST_CPU_MS);
		});
	}
});
