import { expect } from 'chai';
import { documentsIn } from '../../../src/manifests/documents.ts';
import { isProblem, isSkipped } from '../../../src/manifests/problem.ts';

/**
 * Returns `line format text` for a document, `line! problem` for a problem, and `line? reason` for a skipped document.
 */
const cut = (text: string): string[] =>
	[...documentsIn('f', text)].map((one) => {
		if (isProblem(one)) return `${one.line}! ${one.problem}`;
		if (isSkipped(one)) return `${one.line}? ${one.skipped}`;
		// The parser replaces % only in directives.
		expect(text.slice(one.offset).replaceAll('%', '#')).to.satisfy((rest: string) =>
			rest.startsWith(one.text.trimEnd().replaceAll('%', '#')),
		);
		return `${one.line} ${one.format} ${one.text}`;
	});

const DASHES = 'kubectl allows only a comment after ---; move the text to its own line';
const DOTS = 'kubectl ignores text between ... and the next ---; write --- instead of ...';
const DIRECTIVE = 'kubectl does not support directives such as %YAML; remove the line';
const SERVER = 'apiVersion: toolhive.stacklok.dev/v1beta1\n';

// test/e2e/kubectl-reads.test.ts compares more files with kubectl.
const ROWS: readonly (readonly [title: string, text: string, ...found: string[]])[] = [
	['only blanks, comments and dashes', '\n# a\n---\n  \n---\n# b\n---'],
	['dashes first, last and repeated', '---\na: 1\n---\n---\n# b\nb: 2\n---\n', '2 yaml a: 1\n', '5 yaml # b\nb: 2\n'],
	[
		'a comment after dashes',
		'a: 1\n--- \t# b\nb: 2\n---# c\nc: 3\n',
		'1 yaml a: 1\n',
		'3 yaml b: 2\n',
		'5 yaml c: 3\n',
	],
	[
		'content after dashes',
		'a: 1\n--- {b: 2}\n----\nc: 3\n---d\n',
		...['1 yaml a: 1\n', `2? ${DASHES}`, `3? ${DASHES}`, '4 yaml c: 3\n', `5? ${DASHES}`],
	],
	['empty lines at the end', 'a: |+\n  ---\n\n---\nc: |+\n  d', '1 yaml a: |+\n  ---\n\n', '5 yaml c: |+\n  d\n'],
	['CRLF', 'a: |\r\n  b\r\n---\r\nc: 3\r\n...\r\n', '1 yaml a: |\r\n  b\r\n', '4 yaml c: 3\r\n'],
	['byte order marks', '\ufeffa: 1\n---\n\ufeffb: 2\n', '1 yaml a: 1\n', '3 yaml b: 2\n'],
	['content after dots', 'a: 1\n...\n# b\nc: 3\nd: 4\n---\ne: 5\n...', '1 yaml a: 1\n', `4? ${DOTS}`, '7 yaml e: 5\n'],
	[
		'directives',
		'# a\n%YAML 1.1\n---\nb: 2\n---\n%TAG ! c\nd: 4\n',
		...[`2? ${DIRECTIVE}`, '4 yaml b: 2\n', `6? ${DIRECTIVE}`, '6 yaml #TAG ! c\nd: 4\n'],
	],
	['% within a document', 'a:\n%b\n', '1 yaml a:\n%b\n'],
	['JSON', '\n{"a":1}{"b":\n[{}]}\n\n {}\n', '2 json {"a":1}', '2 json {"b":\n[{}]}', '5 json {}'],
	[
		'braces and quotes in strings',
		'{"a":"}{\\"}","b":"\\\\"}{"c":"\\\\\\"{"}',
		'1 json {"a":"}{\\"}","b":"\\\\"}',
		'1 json {"c":"\\\\\\"{"}',
	],
	['JSON with dashes', '{"a":1}\n---\n{"b":2}\n---\n{}', '1 json {"a":1}', '3 json {"b":2}\n', '5 json {}\n'],
	['YAML after JSON and dashes', '{"a":1}\n---\nb: 2\n', '1 json {"a":1}', '3 yaml b: 2\n'],
	['indented YAML after JSON', '{"a":1}\n\n  b: 2\n  c: 3\n', '1 json {"a":1}', '3 yaml   b: 2\n  c: 3\n'],
	['YAML in braces', '{a: 1}\n---\n{ # b\n"b": 2}\n', '1 yaml {a: 1}\n', '3 yaml { # b\n"b": 2}\n'],
	// If kubectl ignores a part, that part is an error only if it is about a server.
	['content after dashes before a server', `--- a: 1\n${SERVER}`, `1! ${DASHES}`, `2 yaml ${SERVER}`],
	['content after dashes behind a server', `${SERVER}---\n--- b: 2\n`, `1 yaml ${SERVER}`, `3? ${DASHES}`],
	['a server after dashes', `--- {${SERVER.trim()}}\na: 1\n`, `1! ${DASHES}`, '2 yaml a: 1\n'],
	['a directive before a server', `%YAML 1.1\n---\n${SERVER}`, `1! ${DIRECTIVE}`, `3 yaml ${SERVER}`],
	['a server after dots', `a: 1\n...\nb: 2\n${SERVER}---\nc: 3\n`, '1 yaml a: 1\n', `3! ${DOTS}`, '6 yaml c: 3\n'],
];

describe('documentsIn', () => {
	for (const [title, text, ...found] of ROWS)
		it(`${title} › ${found.length} parts`, () => expect(cut(text)).to.deep.equal(found));
	it('half a million lines › less than 5 s of CPU time', () => {
		const start = process.cpuUsage();
		for (const line of ['\n', '#\n', '%\n', '---\n', ' ', '{', '"', '...\n']) cut(line.repeat(500_000));
		expect(cut('{}\n'.repeat(50_000))).to.have.length(50_000);
		expect(process.cpuUsage(start).user).to.be.below(5_000_000);
	}).timeout(60_000);
});
