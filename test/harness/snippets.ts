/**
 * YAML snippets and their values. The unit tests compare them with parseYaml, and test/e2e/kubectl-reads.test.ts
 * compares them with kubectl.
 */

/** Plain scalars that are not strings, or that look like other values. */
export const PLAIN: readonly (readonly [text: string, value: unknown])[] = [
	...['no', 'N', 'Off', 'False'].map((text) => [text, false] as const),
	...['yes', 'y', 'On', 'TRUE'].map((text) => [text, true] as const),
	...['nO', 'tRUE', 'nULL', '.iNF', 'nan', '=', '_1', '+', '.', '..'].map((text) => [text, text] as const),
	...['1e', '1e400', '._5', '0b2', '0o8', '0x1p-2', '1,000', '1.2.3', '٣'].map((text) => [text, text] as const),
	...['12:30', '190:20:30.5', '2001-01-01', '2001-12-14t21:59:43.10-05:00'].map((text) => [text, text] as const),
	...['~', 'null', 'Null', ''].map((text) => [text, null] as const),
	['0777', 511],
	['0o17', 15],
	['-0o17', -15],
	['0x1F', 31],
	['0X1f', 31],
	['0B11', 3],
	['1_000', 1000],
	['+5', 5],
	['089', 89],
	['1.', 1],
	['-.5', -0.5],
	['1e3', 1000],
	['9007199254740993', 9007199254740993n],
	['0x7FFFFFFFFFFFFFFF', 9223372036854775807n],
];

/** Values of other kinds. Each one follows `a:`, indented by two spaces. */
export const VALUES: readonly (readonly [text: string, value: unknown])[] = [
	['"1"', '1'],
	['a # b', 'a'],
	['"a\\\n    b"', 'ab'],
	['"\\x41\\u00e9\\U0001F600\\t"', 'Aé😀\t'],
	['!!str 5', '5'],
	['!!int "5"', 5],
	['!!binary aGk=', 'hi'],
	['!mine 5', '5'],
	['|\n    x\n    y', 'x\ny\n'],
	['|+\n    x\n', 'x\n\n'],
	['>\n    x\n    y\n\n    z', 'x y\nz\n'],
	['|\n    ---\n    {{ x }}\n    # no comment', '---\n{{ x }}\n# no comment\n'],
	['{a: 1, "b":2, c}', { a: 1, b: 2, c: null }],
	['\n  - a\n  -\n  - - b', ['a', null, ['b']]],
	['[&x {a: 1}, *x]', [{ a: 1 }, { a: 1 }]],
	['[&x 1, &x 2, *x]', [1, 2, 2]],
	['[&x {a: 1}, {<<: *x, a: 2}]', [{ a: 1 }, { a: 2 }]],
	['[&x {a: 1}, {a: 2, <<: *x}]', [{ a: 1 }, { a: 1 }]],
	['[&x {a: 1}, &y {a: 2, b: 2}, {<<: [*x, *y]}]', [{ a: 1 }, { a: 2, b: 2 }, { a: 1, b: 2 }]],
	["{'<<': 1}", { '<<': 1 }],
	['{no: 1}', { false: 1 }],
	['{0x1F: 1, 1_000: 2, "": 3}', { 31: 1, 1000: 2, '': 3 }],
	['{1.10: 1, 1e21: 2, 0.1: 3}', { '1.1': 1, '1e+21': 2, '0.1': 3 }],
	['{__proto__: 1}', JSON.parse('{"__proto__": 1}')],
	['\n    ? a\n    : b', { a: 'b' }],
];

/** Snippets that both kubectl and the product refuse. */
export const REFUSED: readonly string[] = [
	...['.inf', '-.INF', '.NaN', '[a', '[a, , b]', 'a: b', '- a', '"a', '"\\q"', '!!int a', '!!int ""'],
	...['*nowhere', '&x [*x]', '{~: 1}', '{[a]: 1}', '{{ .Values.a }}: b', '{<<: 1}', '{<<: [1]}', '@a', '`a'],
	...['%a', '\n\tb: 1', '"\u0007"', 'a\u007f'],
];

/** Snippets that the product and kubectl parse differently, as docs/review.md lists them. Undefined means refused. */
export const DIFFERENT: readonly (readonly [text: string, product: unknown, kubectl: unknown])[] = [
	['+_1', '+_1', 1],
	['0xFFFFFFFFFFFFFFFFF', 0xfffffffffffffffffn, '0xFFFFFFFFFFFFFFFFF'],
	['{1e6: 1}', { 1000000: 1 }, { '1e+06': 1 }],
	['!!float 5', undefined, 5],
	['!!binary a', '', undefined],
	['{18446744073709551615: 1}', { '18446744073709551615': 1 }, undefined],
	['"\\/"', '/', undefined],
	['"\\ud83d\\ude00"', '😀', undefined],
	['&ä x', 'x', undefined],
	['|\n    \tx', '\tx\n', undefined],
];

/** Strings that must be quoted, like those in PLAIN. */
export const TEXTS: readonly string[] = [
	...['<<', ' x', 'x ', ' ', '\n', '\na', 'a\n', 'a\n\n\nb\n\n\n', 'a \n b\n', 'a\n  \n', 'a\n \n b', ' a\nb'],
	...['\ta\n', 'a\n\tb', 'a\t', 'a\r\nb\rc', 'a: b', 'a:', 'a #b', '# a', '- a', '? a', '&a', '*a', '!a', '%a'],
	...['@a', '|', '>-', '{{ a }}', '[a', ',', "it's", '"', '\\', '---', '--- a', '...', 'a\n---\n...\nb'],
	...['1_2:30', '.INF', '18446744073709551616', 'é😀\u{10ffff}', '\u0000\u0007\u001b[0m', '\u007f', '\u0085'],
	...['\u0080\u009f', '\u00a0', '\u200b', '\u2028a\n\u2029', 'a\ufeffb', '\ufffd\ufffe\uffff'],
	...['x'.repeat(5_000), 'x y '.repeat(2_000), `${'x'.repeat(200)}\n${'y '.repeat(200)}`],
];
