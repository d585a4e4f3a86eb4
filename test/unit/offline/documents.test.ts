import { expect } from 'chai';
import { documentsIn } from '../../../src/manifests/documents.ts';
import { isProblem, isSkipped } from '../../../src/manifests/problem.ts';

/** `line format text` of each document, `line! problem` of what is none, `line? why` of what is skipped. */
const cut = (text: string): string[] =>
	[...documentsIn('f', text)].map((one) => {
		if (isProblem(one)) return `${one.line}! ${one.problem}`;
		if (isSkipped(one)) return `${one.line}? ${one.skipped}`;
		expect(text.slice(one.offset).replaceAll('%', '#')).to.satisfy((rest: string) =>
			rest.startsWith(one.text.trimEnd().replaceAll('%', '#')),
		);
		return `${one.line} ${one.format} ${one.text}`;
	});

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
	[
		'lines may end as on Windows',
		'a: |\r\n  b\r\n---\r\nc: 3\r\n...\r\n',
		['1 yaml a: |\r\n  b\r\n', '4 yaml c: 3\r\n'],
	],
	['documents may begin with a byte order mark', '\ufeffa: 1\n---\n\ufeffb: 2\n', ['1 yaml a: 1\n', '3 yaml b: 2\n']],
	['... ends a document', 'a: 1\n...\n# b\n---\nc: 3\n...', ['1 yaml a: 1\n', '5 yaml c: 3\n']],
	[
		'what stands behind ... is told once',
		'a: 1\n...\n# b\nc: 3\nd: 4\n---\ne: 5\n',
		['1 yaml a: 1\n', `4? ${DOTS}`, '7 yaml e: 5\n'],
	],
	[
		'directives are told, and read as comments',
		'# a\n%YAML 1.1\n---\nb: 2\n---\n%TAG ! c\nd: 4\n',
		[`2? ${DIRECTIVE}`, '4 yaml b: 2\n', `6? ${DIRECTIVE}`, '6 yaml #TAG ! c\nd: 4\n'],
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
	for (const [what, text, found] of [...ABOUT_SERVERS, ...TEXTS]) {
		it(what, () => {
			expect(cut(text)).to.deep.equal(found);
		});
	}
	it('of many lines › no time', () => {
		for (const line of ['\n', '#\n', '%\n', '---\n', ' ', '{', '"', '...\n']) cut(line.repeat(500_000));
		expect(cut('{}\n'.repeat(50_000))).to.have.length(50_000);
	}).timeout(5_000);
});
