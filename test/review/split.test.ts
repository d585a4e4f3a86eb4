import { expect } from 'chai';
import fc from 'fast-check';
import { isProblem, isSkipped } from '../../src/manifests/problem.ts';
import { documentsIn } from '../../src/manifests/split.ts';

async function* piecesOf(text: string, size: number): AsyncGenerator<string> {
	for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

/** `line format text` of each document, `line! problem` of what is none, `line? why` of what is skipped. */
async function cut(pieces: AsyncIterable<string>): Promise<string[]> {
	const found: string[] = [];
	for await (const one of documentsIn('f', pieces)) {
		if (isProblem(one)) found.push(`${one.line}! ${one.problem}`);
		else found.push(isSkipped(one) ? `${one.line}? ${one.skipped}` : `${one.line} ${one.format} ${one.text}`);
	}
	return found;
}

const DASHES = 'kubectl takes nothing but a comment behind ---; put it into a line of its own';
const DOTS = 'kubectl leaves out what stands between ... and the next ---; write --- instead of ...';
const DIRECTIVE = 'kubectl takes no directives such as %YAML; leave the line out';

const TEXTS: readonly (readonly [what: string, text: string, found: readonly string[]])[] = [
	['nothing is nothing', '', []],
	['blanks, comments and dashes are nothing', '\n# a\n---\n  \n---\n# b\n---', []],
	['YAML goes to its ---', 'a: 1\n---\nb: 2\n', ['1 yaml a: 1\n', '3 yaml b: 2\n']],
	['dashes may come first and last, and twice', '---\na: 1\n---\n---\nb: 2\n---\n', ['2 yaml a: 1\n', '5 yaml b: 2\n']],
	['comments before a document belong to it', '# a\n---\n# b\nb: 2\n', ['3 yaml # b\nb: 2\n']],
	[
		'a comment may stand behind dashes',
		'a: 1\n--- # b\nb: 2\n---# c\nc: 3\n--- \t\nd: 4',
		['1 yaml a: 1\n', '3 yaml b: 2\n', '5 yaml c: 3\n', '7 yaml d: 4\n'],
	],
	[
		'nothing else may',
		'a: 1\n--- {b: 2}\n----\nc: 3\n---d\n',
		['1 yaml a: 1\n', `2? ${DASHES}`, `3? ${DASHES}`, '4 yaml c: 3\n', `5? ${DASHES}`],
	],
	['indented dashes cut nothing', 'a: |\n  ---\n  b\n', ['1 yaml a: |\n  ---\n  b\n']],
	[
		'every line end is kept, and a last one is added',
		'a: |+\n  b\n\n---\nc: |+\n  d',
		['1 yaml a: |+\n  b\n\n', '5 yaml c: |+\n  d\n'],
	],
	['lines may end as on Windows', 'a: |\r\n  b\r\n---\r\nc: 3\r\n...\r\n', ['1 yaml a: |\n  b\n', '4 yaml c: 3\n']],
	['documents may begin with a byte order mark', '\ufeffa: 1\n---\n\ufeffb: 2\n', ['1 yaml a: 1\n', '3 yaml b: 2\n']],
	['... ends a document', 'a: 1\n...\n# b\n---\nc: 3\n...', ['1 yaml a: 1\n', '5 yaml c: 3\n']],
	[
		'what stands behind ... is told once',
		'a: 1\n...\n# b\nc: 3\nd: 4\n---\ne: 5\n',
		['1 yaml a: 1\n', `4? ${DOTS}`, '7 yaml e: 5\n'],
	],
	[
		'directives are told',
		'# a\n%YAML 1.1\n---\nb: 2\n---\n%TAG ! c\nd: 4\n',
		[`2? ${DIRECTIVE}`, '4 yaml b: 2\n', `6? ${DIRECTIVE}`, '6 yaml d: 4\n'],
	],
	['a % within a document is none', 'a:\n%b\n', ['1 yaml a:\n%b\n']],
	[
		'JSON goes to the end of each value',
		'{"a":1}{"b":{"c":[{}]}}\n\n {}\n',
		['1 json {"a":1}', '1 json {"b":{"c":[{}]}}', '3 json {}'],
	],
	['JSON over several lines', '\n{\n "a": [\n  1\n ]\n}\n{\n}\n', ['2 json {\n "a": [\n  1\n ]\n}', '7 json {\n}']],
	[
		'braces, quotes and backslashes in texts cut nothing',
		'{"a":"}{\\"}","b":"\\\\"}{"c":"\\\\\\"{"}',
		['1 json {"a":"}{\\"}","b":"\\\\"}', '1 json {"c":"\\\\\\"{"}'],
	],
	[
		'JSON may be separated by dashes',
		'{"a":1}\n---\n{"b":2}\n---\n{"c":3}',
		['1 json {"a":1}', '3 json {"b":2}\n', '5 json {"c":3}\n'],
	],
	['JSON may begin with dashes', '---\n{"a":\n1}\n', ['2 json {"a":\n1}\n']],
	['YAML may stand behind JSON', '{"a":1}\n---\nb: 2\n', ['1 json {"a":1}', '3 yaml b: 2\n']],
	[
		'JSON that goes on as something else is told by whoever reads it',
		'{"a":1}\n,\n {"b":2}',
		['1 json {"a":1}', '2 yaml ,\n {"b":2}\n'],
	],
	[
		'the indentation of what stands behind JSON is kept',
		'{"a":1}\n\n  b: 2\n  c: 3\n',
		['1 json {"a":1}', '3 yaml   b: 2\n  c: 3\n'],
	],
	['JSON that never ends is one document', '{"a":1}\n{"b":[', ['1 json {"a":1}', '2 json {"b":[']],
	['YAML in braces is YAML', '{a: 1}\n---\n{ # b\n"b": 2}\n', ['1 yaml {a: 1}\n', '3 yaml { # b\n"b": 2}\n']],
	['a template is YAML', '{{ if }}\na: 1\n', ['1 yaml {{ if }}\na: 1\n']],
];

const OURS = 'apiVersion: toolhive.stacklok.dev/v1beta1\n';

/** What kubectl does not take is an error where it costs a server, and skipped where it costs something else. */
const ABOUT_SERVERS: readonly (readonly [what: string, text: string, found: readonly string[]])[] = [
	[
		'something behind dashes › a server follows › error',
		`--- a: 1\n${OURS}---\n--- b: 2\nc: 3\n`,
		[`1! ${DASHES}`, `2 yaml ${OURS}`, `4? ${DASHES}`, '5 yaml c: 3\n'],
	],
	[
		'something behind dashes › it is about a server › error',
		`--- {${OURS.trim()}}\na: 1\n`,
		[`1! ${DASHES}`, '2 yaml a: 1\n'],
	],
	[
		'a directive › a server follows behind dashes › error',
		`%YAML 1.1\n---\n${OURS}---\n%YAML 1.1\n---\nc: 3\n`,
		[`1! ${DIRECTIVE}`, `3 yaml ${OURS}`, `5? ${DIRECTIVE}`, '7 yaml c: 3\n'],
	],
	['a directive › nothing follows › skipped', '%YAML 1.1\n---\n', [`1? ${DIRECTIVE}`]],
	[
		'something behind dots › it is about a server › error',
		`a: 1\n...\nb: 2\n${OURS}---\nc: 3\n...\nd: 4\n`,
		['1 yaml a: 1\n', `3! ${DOTS}`, '6 yaml c: 3\n', `8? ${DOTS}`],
	],
];

describe('a text cut into documents', () => {
	for (const [what, text, found] of ABOUT_SERVERS) {
		it(what, async () => {
			for (const size of [1, 7, 1000]) expect(await cut(piecesOf(text, size)), `size ${size}`).to.deep.equal(found);
		});
	}
	for (const [what, text, found] of TEXTS) {
		it(what, async () => {
			expect(await cut(piecesOf(text, 1000))).to.deep.equal(found);
		});
		it(`${what}, in pieces of whatever size`, async () => {
			for (const size of [1, 2, 3, 7]) expect(await cut(piecesOf(text, size)), `size ${size}`).to.deep.equal(found);
		});
	}
	it('gives the same in pieces of any size, empty ones too', async () => {
		const parts = [
			'{"',
			'"',
			'\\',
			'\\"',
			'\\\\',
			'{',
			'}',
			'[',
			']',
			'\n',
			'\r\n',
			'---',
			'...',
			'%',
			'#',
			' ',
			'a: 1',
			'\ufeff',
			'😀',
		];
		const texts = fc.array(fc.constantFrom(...parts), { maxLength: 25 }).map((all) => all.join(''));
		await fc.assert(
			fc.asyncProperty(texts, fc.array(fc.nat(4), { minLength: 1, maxLength: 5 }), async (text, sizes) => {
				const pieces = async function* () {
					for (let at = 0, turn = 0; at < text.length; turn += 1) {
						const size = sizes[turn % sizes.length] || Number(turn % 2);
						yield text.slice(at, at + size);
						at += size;
					}
				};
				expect(await cut(pieces())).to.deep.equal(await cut(piecesOf(text, 1000)));
			}),
			{ numRuns: 300 },
		);
	});
	it('reads no further than it is asked', async () => {
		let given = 0;
		const pieces = async function* () {
			for (; given < 100; given += 1) yield `{"a":${given}}\n`;
		};
		await documentsIn('f', pieces()).next();
		expect(given).to.be.at.most(2);
	});
});

describe('a document beyond the limit', () => {
	const MIB = ' '.repeat(1024 * 1024);
	async function* around(start: string, times: number, end: string): AsyncGenerator<string> {
		yield start;
		for (let count = 0; count < times; count += 1) yield MIB;
		yield end;
	}

	it('of YAML is told, and the next one is read', async () => {
		const tooLong = '1? one document of more than 8 MiB; cut it with --- lines, or give it as JSON';
		expect(await cut(around('a: "', 9, '"\n---\nb: 2\n'))).to.deep.equal([tooLong, '3 yaml b: 2\n']);
		expect(await cut(around('a: 1\n', 9, 'b: 2\n'))).to.deep.equal([tooLong]);
	});
	const WORD = 'x: toolhive.stacklok.dev';
	const YAML_TOO_LONG = '1! one document of more than 8 MiB; cut it with --- lines, or give it as JSON';
	const JSON_TOO_LONG = '1! one value of more than 64 MiB; cut it into several';
	for (const [where, start, times, end, found] of [
		['before the limit', `${WORD}\na: "`, 9, '"\n', YAML_TOO_LONG],
		['in the last line', 'a: "', 9, `"\n${WORD}\n`, YAML_TOO_LONG],
		['at the end of one long line', 'a: "', 17, WORD, YAML_TOO_LONG],
		['before the limit of JSON', `{"a":"${WORD}`, 65, '"}', JSON_TOO_LONG],
		['behind the limit of JSON', '{"a":"', 65, `${WORD}"}`, JSON_TOO_LONG],
	] as const) {
		it(`mentions ToolHive ${where} › error`, async () => {
			expect(await cut(around(start, times, end))).to.deep.equal([found]);
		});
	}
	it('of YAML within the limit is read', async () => {
		const [only = ''] = await cut(around('a: "', 7, '"\n'));
		expect(only.length).to.be.greaterThan(7 * MIB.length);
	});
	it('of JSON is told, and the next one is read, while the long one is not kept', async () => {
		expect(await cut(around('\n{"a":"', 65, '"}\n{"b":2}'))).to.deep.equal([
			'2? one value of more than 64 MiB; cut it into several',
			'3 json {"b":2}',
		]);
	});
	it('is not what lies between two values', async () => {
		expect(await cut(around('{"a":1}', 9, '\n{"b":2}'))).to.deep.equal(['1 json {"a":1}', '2 json {"b":2}']);
	});
});
