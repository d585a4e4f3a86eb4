import { expect } from 'chai';
import { Unparsable } from '../../../src/manifests/values.ts';
import { parseYaml } from '../../../src/manifests/yaml.ts';
import { DIFFERENT, PLAIN, REFUSED, VALUES } from '../../harness/snippets.ts';

const RENDER = (at: string): string =>
	`it looks like a Helm template that was not rendered; review the output of \`helm template\` (${at})`;
const NO_TEXT = (code: string, at: string): string =>
	`U+${code} is not allowed in YAML; in double quotes, write \\u${code.toLowerCase()} (${at})`;

const valueIn = (text: string): unknown => parseYaml(text)?.value;

/** Returns the error as `message (line:column)`, or the parsed value. */
function refusal(text: string): string {
	try {
		return `read as ${String(valueIn(text))}`;
	} catch (error) {
		if (!(error instanceof Unparsable)) throw error;
		return error.at === undefined ? error.message : `${error.message} (${error.at.line}:${error.at.column})`;
	}
}

describe('parseYaml', () => {
	const within = (text: string): unknown => valueIn(`b:\n  a: ${text}\n`);
	for (const [text, value] of [...PLAIN, ...VALUES])
		it(`${JSON.stringify(text)} › as kubectl`, () => expect(within(text)).to.deep.equal({ b: { a: value } }));
	for (const text of REFUSED)
		it(`${JSON.stringify(text)} › refused`, () => expect(() => within(text)).to.throw(Unparsable));
	for (const [text, parsed] of DIFFERENT)
		it(`${JSON.stringify(text)} › ${parsed === undefined ? 'refused' : 'parsed'}, unlike kubectl`, () => {
			if (parsed === undefined) expect(() => within(text)).to.throw(Unparsable);
			else expect(within(text)).to.deep.equal({ b: { a: parsed } });
		});
	for (const text of ['', '# a\n\n# b\n', 'null', '# a\n~ # b\n'])
		it(`${JSON.stringify(text)} › no document`, () => expect(parseYaml(text)).to.equal(undefined));
	for (const text of ['\ufeffa: |\r\n  x\r\nb:\tc\t\n', '{\n\t"a":\t"x\\n",\n\t"b": "c"\n}\n'])
		it(`${JSON.stringify(text)} › parsed`, () => expect(valueIn(text)).to.deep.equal({ a: 'x\n', b: 'c' }));

	it('an alias › the nearest anchor above it, even if another alias repeats it', () => {
		const text = 'a: &x {k: &y 1, l: *y}\nb: &y 2\nc: *x\nd: *y\n';
		expect(valueIn(text)).to.deep.equal({ a: { k: 1, l: 1 }, b: 2, c: { k: 1, l: 1 }, d: 2 });
	});
});

describe('parseYaml › error with its position', () => {
	for (const [title, text, message] of [
		['a repeated key, spelt differently', '1: a\nb: c\n"1": d\n', 'the key "1" is duplicated (3:1)'],
		['a repeated key in flow', '{a: 1, b: 2, a: 3}', 'the key "a" is duplicated (1:14)'],
		['a key that is a list', 'a: 1\n? [b]\n: c\n', 'a key must be a scalar (2:3)'],
		['a key that is a template', 'a: 1\n{{ .Values.b }}: 2\n', RENDER('2:1')],
		['a value that is a template', 'a: 1\nb: {{ .Values.b }}\n', RENDER('2:5')],
		['infinity', 'a: 1\nb: [1, .inf]\n', '.inf is not a JSON number; the API server would reject it (2:8)'],
		['a tag that does not fit', 'a: !!int b\n', 'b is not a valid int (1:10)'],
		['an alias without an anchor', 'a: 1\nb: *c\n', 'there is no anchor &c above it (2:4)'],
		['an alias within its anchor', 'a: &x\n  b: [*x]\n', '&x contains itself (2:7)'],
		['a merge within its anchor', 'a: &x\n  <<: *x\n', '&x contains itself (2:7)'],
		['a merge of a word', 'a: 1\n<<: b\n', '<< requires a mapping, or a list of mappings (2:5)'],
		['a control character', 'a: 1\nb: "x\u0007"\n', NO_TEXT('0007', '2:6')],
		['CR as a line end', 'a: 1\rb: 2\n', NO_TEXT('000D', '1:5')],
	] as const)
		it(title, () => expect(refusal(text)).to.equal(message));
	it('braces of a template in a text › not a template', () => {
		expect(valueIn("a: '{{ x }}'\nb: |\n  {{- if x }}\n")).to.deep.equal({ a: '{{ x }}', b: '{{- if x }}\n' });
		expect(refusal("a: '{{ x }}'\na: 2\n")).to.equal('the key "a" is duplicated (2:1)');
	});
	it('deeply nested lists › refused above 500', () => {
		expect(refusal(`${'['.repeat(502)}${']'.repeat(502)}`)).to.equal('it is nested too deeply');
		expect(valueIn(`a: ${'['.repeat(400)}${']'.repeat(400)}`)).to.be.an('object');
	});
	it('more than 8 MiB › refused', () => {
		const text = (length: number): string => `a: "${'x'.repeat(length)}"`;
		expect(refusal(text(8 * 1024 * 1024))).to.equal(
			'one document is larger than 8 MiB; split it with --- lines, or use JSON',
		);
		expect(valueIn(text(8 * 1024 * 1024 - 5))).to.be.an('object');
	});
	it('aliases that expand to millions of values › refused', () => {
		const bomb = Array.from({ length: 12 }, (_, i) => `a${i}: &a${i} [${`*a${i - 1}, `.repeat(i === 0 ? 0 : 10)}b]\n`);
		expect(refusal(bomb.join(''))).to.match(/^it has more than two million values/);
	});
	it('thousands of aliases and keys › less than 5 s of CPU time', () => {
		const start = process.cpuUsage();
		const text = Array.from({ length: 5_000 }, (_, i) => `k${i}: *x\n`).join('');
		expect(Object.keys(valueIn(`x: &x {a: 1}\n${text}`) as object)).to.have.length(5_001);
		expect(process.cpuUsage(start).user).to.be.below(5_000_000);
	}).timeout(60_000);
});

describe('parseYaml › lineOf', () => {
	const { lineOf } = parseYaml(`# first
kind: T
metadata:
  annotations:
    a.example.com/b: c
spec:

  items:
  - name: a
  # comment
  - name: b
  flow: {a: 1,
    b: [1,
      2]}
  text: |
    x
  last: &x {a: 1}
  alias: *x
`) ?? { lineOf: () => 0 };
	for (const [path, line] of [
		[[], 2],
		[['metadata', 'annotations', 'a.example.com/b'], 5],
		[['metadata', 'annotations', 'missing'], 4],
		[['spec', 'items', 0], 9],
		[['spec', 'items', '1', 'name'], 11],
		[['spec', 'items', 1, 'missing'], 11],
		[['spec', 'flow', 'b', 1], 14],
		[['spec', 'text', 'x'], 15],
		[['spec', 'alias', 'a'], 18],
	] as const)
		it(`${path.join(' > ') || 'the root'} › ${line}`, () => expect(lineOf(path)).to.equal(line));
});
