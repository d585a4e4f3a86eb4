/** Complete files that kubectl and the product read. */
import { type Encode, NAME } from './kubectl-reading.ts';

const thing = (spec = '{}', head = ''): string =>
	`${head}apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: ${NAME}}\nspec: ${spec}\n`;
const json = (spec = '{}', blank = ''): string =>
	`{${blank}"apiVersion":"example.com/v1","kind":"Thing",${blank}"metadata":{"name":"${NAME}"},"spec":${spec}}`;
const list = (items: string): string => `apiVersion: v1\nkind: List\nitems:${items}`;
const ITEM = `\n- apiVersion: example.com/v1\n  kind: Thing\n  metadata: {name: ${NAME}}\n`;

export const READ_ALIKE: Readonly<Record<string, string>> = {
	'one document': thing(),
	'two documents': `${thing('{a: 1}')}---\n${thing('{a: 2}')}`,
	'dashes with nothing around them': `---\n# a\n---\n\n---\n${thing()}---\n---`,
	'a comment after dashes': `${thing('{a: 1}')}--- # a\n${thing('{a: 2}')}---# b\n${thing('{a: 3}')}`,
	'null between documents': `${thing('{a: 1}')}---\nnull\n---\n~\n---\n${thing('{a: 2}')}`,
	'... at the end': `${thing('{a: 1}')}...\n---\n${thing('{a: 2}')}...\n`,
	'Windows line ends': `${thing('\n  a: |+\n    b\n\n')}---\n${thing()}`.replaceAll('\n', '\r\n'),
	'a byte order mark': `\ufeff${thing('{a: 1}')}---\n\ufeff${thing('{a: 2}')}`,
	'a byte order mark and JSON': `\ufeff${json()}`,
	'no line end at the end': thing('\n  a: |+\n    b').trimEnd(),
	'line ends kept before dashes': `${thing('\n  a: |+\n    b\n\n\n')}---\n${thing()}`,
	'dashes in a block': thing('\n  a: |\n    ---\n    ...\n    %b\n'),
	'a list': list(ITEM + ITEM.slice(1)),
	'an empty list': list(' []\n'),
	'a typed list': `apiVersion: example.com/v1\nkind: ThingList\nitems:\n- metadata: {name: ${NAME}}\n`,
	'items of any kind': `apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: ${NAME}}\nitems:${ITEM}`,
	'only comments': '# a\n\n# b\n',
	nothing: '',
	'no kind': thing().replace('kind: Thing', 'kind: ""'),
	'a text': 'a\n',
	'a template': `{{- if .Values.a }}\n${thing()}{{- end }}\n`,
	JSON: json(),
	'JSON on several lines': json('{"a":[1,\n2]}', '\n\t'),
	'JSON after JSON': json('{"a":1}') + json('{"a":2}'),
	'one JSON object per line': `\n${json('{"a":1}')}\n\n${json('{"a":2}')}\n`,
	'JSON between dashes': `${json('{"a":1}')}\n---\n${json('{"a":2}')}\n---\n${json('{"a":3}')}\n`,
	'JSON after dashes': `---\n${json('{"a":1}', '\n  ')}\n---\n${json('{"a":2}')}`,
	'YAML after JSON': `${json('{"a":1}')}\n---\n${thing('{a: 2}')}---\n${thing('{a: 3}')}`,
	'JSON after YAML': `${thing('{a: 1}')}---\n${json('{"a":2}')}`,
	'JSON with a trailing comma': json('{"a":1,}'),
	'JSON with a comment after it': `${json()} # a\n`,
	'JSON with a comment in it': json('{"a": # b\n 1}'),
	'JSON with numbers and words of YAML': json('{"a":01,"b":0x1F,"c":+1,"d":yes,"e":.5,"f":NaN}'),
	'JSON with a tab in a text': json('"\t"'),
	'JSON with escapes': json('"\\u00e9\\ud83d\\ude00\\/\\b"'),
	'JSON with half of a surrogate pair': json('["\\ud800","a\\udc00"]'),
	'JSON with numbers': json('[1.0,1e3,-0,9007199254740993,-9223372036854775808,9223372036854775808,1E-7]'),
	'JSON with a number too large': json('1e400'),
	'JSON without its last brace': json().slice(0, -1),
	'JSON with a brace after it': `${json()}}`,
	'a comma after JSON': `${json('{"a":1}')},${json('{"a":2}')}`,
	'a JSON array': `[${json()}]`,
	'JSON under a comment': `# a\n${json('{"a":"b"}', '\n\t')}`,
	'YAML in braces': `{apiVersion: example.com/v1, kind: Thing, metadata: {name: ${NAME}}}\n---\n${thing()}`,
	'YAML in braces with a comment': `{ # a\n"apiVersion": example.com/v1, kind: Thing, metadata: {name: ${NAME}}}\n`,
};

const little = (text: string): Buffer => Buffer.from(text, 'utf16le');
const big = (text: string): Buffer => little(text).swap16();

/** Encodings that kubectl and the product read or refuse alike. */
export const ENCODINGS: Readonly<Record<string, Encode>> = {
	'UTF-8 with a byte order mark': (text) => Buffer.from(`\ufeff${text}`),
	'UTF-16LE with a byte order mark': (text) => little(`\ufeff${text}`),
	'UTF-16BE with a byte order mark': (text) => big(`\ufeff${text}`),
	'UTF-16LE without a byte order mark': little,
	'UTF-16BE without a byte order mark': big,
	'UTF-32LE': (text) => Buffer.from([0xff, 0xfe, 0, 0, ...[...text].flatMap((one) => [one.charCodeAt(0), 0, 0, 0])]),
};

/**
 * Encodings in which kubectl reads U+FFFD for a damaged part. The product refuses them, because a name or an address
 * would change.
 */
export const DAMAGED: Readonly<Record<string, Encode>> = {
	'UTF-16LE with an odd number of bytes': (text) => little(`\ufeff${text}# a`).subarray(0, -1),
	'UTF-16BE with an odd number of bytes': (text) => big(`\ufeff${text}# a`).subarray(0, -1),
	'UTF-16LE with half of a surrogate pair': (text) => little(`\ufeff${text}# \ud800 b\n`),
	'UTF-16BE with half of a surrogate pair': (text) => big(`\ufeff${text}# \udc00 b\n`),
	'Latin 1': (text) => Buffer.from(`${text}# \xe4\n`, 'latin1'),
};

/** The texts to encode. */
export const ENCODED: readonly string[] = [
	thing('{a: "é😀"}'),
	`${thing('{a: 1}')}---\n${thing('{a: 2}')}`,
	json('{"a":1}'),
];

/** Texts for which the product reports more than kubectl, or continues where kubectl stops. */
export const REPORTED: Readonly<Record<string, string>> = {
	'a repeated key': thing('{a: 1, a: 2}'),
	'a repeated key in JSON': json('{"a":1,"a":2}'),
	'a document after ...': `${thing('{a: 1}')}...\n${thing('{a: 2}')}`,
	'content after dashes': `${thing('{a: 1}')}--- {b: 1}\n---\n${thing('{a: 2}')}`,
	'four dashes': `${thing('{a: 1}')}----\n${thing('{a: 2}')}`,
	'%YAML': thing('{}', '%YAML 1.1\n---\n'),
	'JSON after JSON after YAML': `${thing('{a: 1}')}---\n${json('{"a":2}')}${json('{"a":3}')}`,
	'JSON after JSON under a comment': `# a\n${json('{"a":1}')}\n${json('{"a":2}')}`,
	'a quoted text that continues further left': thing('\n  a: "b\n c"'),
	'a bracket that ends further left': thing('\n  a: [1\n]'),
	'a comment without a space before it': thing('\n  a: "b"# c'),
};
