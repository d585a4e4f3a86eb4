/** Complete files that kubectl and the product read. */

/**
 * A placeholder for the name of the object. Each text gets its own name, which identifies the text in the output of
 * kubectl.
 */
export const NAME = 'NAME';

const thing = (spec = '{}', head = ''): string =>
	`${head}apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: ${NAME}}\nspec: ${spec}\n`;
const json = (spec = '{}', blank = ''): string =>
	`{${blank}"apiVersion":"example.com/v1","kind":"Thing",${blank}"metadata":{"name":"${NAME}"},"spec":${spec}}`;
const list = (items: string): string => `apiVersion: v1\nkind: List\nitems:${items}`;
const ITEM = `\n- apiVersion: example.com/v1\n  kind: Thing\n  metadata: {name: ${NAME}}\n`;

export const READ_ALIKE: Readonly<Record<string, string>> = {
	'dashes with nothing around them': `---\n# a\n---\n\n---\n${thing()}---\n---`,
	'a comment after dashes': `${thing('{a: 1}')}--- # a\n${thing('{a: 2}')}---# b\n${thing('{a: 3}')}`,
	'null between documents': `${thing('{a: 1}')}---\nnull\n---\n~\n---\n${thing('{a: 2}')}`,
	'... at the end': `${thing('{a: 1}')}...\n---\n${thing('{a: 2}')}...\n`,
	'Windows line ends': `${thing('\n  a: |+\n    b\n\n')}---\n${thing()}`.replaceAll('\n', '\r\n'),
	'a byte order mark': `\ufeff${thing('{a: 1}')}---\n\ufeff${thing('{a: 2}')}`,
	'a byte order mark and JSON': `\ufeff${json()}`,
	'line ends kept before dashes': `${thing('\n  a: |+\n    b\n\n\n')}---\n${thing('\n  a: |+\n    b').trimEnd()}`,
	'dashes in a block': thing('\n  a: |\n    ---\n    ...\n    %b\n'),
	'a list': list(ITEM + ITEM.slice(1)),
	'an empty list': list(' []\n'),
	'a typed list': `apiVersion: example.com/v1\nkind: ThingList\nitems:\n- metadata: {name: ${NAME}}\n`,
	'items of any kind': `apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: ${NAME}}\nitems:${ITEM}`,
	'only comments': '# a\n\n# b\n',
	'no kind': thing().replace('kind: Thing', 'kind: ""'),
	'a text': 'a\n',
	'a template': `{{- if .Values.a }}\n${thing()}{{- end }}\n`,
	'JSON after JSON': json('{"a":[1,\n2]}', '\n\t') + json('{"a":2}'),
	'JSON between dashes': `---\n${json('{"a":1}')}\n---\n${json('{"a":2}')}\n---\n${json('{"a":3}')}\n`,
	'YAML after JSON': `${json('{"a":1}')}\n---\n${thing('{a: 2}')}---\n${thing('{a: 3}')}`,
	'JSON after YAML': `${thing('{a: 1}')}---\n${json('{"a":2}')}`,
	'JSON with a trailing comma': json('{"a":1,}'),
	'JSON with a comment in it': json('{"a": # b\n 1}'),
	'JSON with numbers and words of YAML': json('{"a":01,"b":0x1F,"c":+1,"d":yes,"e":.5,"f":NaN}'),
	'JSON with escapes': json('["\\u00e9\\ud83d\\ude00\\/\\b","\\ud800","a\\udc00"]'),
	'JSON with a tab in a text': json('"\t"'),
	'JSON with numbers': json('[1.0,1e3,-0,9007199254740993,-9223372036854775808,9223372036854775808,1E-7]'),
	'JSON with a number too large': json('1e400'),
	'JSON with a brace after it': `${json()}}`,
	'a comma after JSON': `${json('{"a":1}')},${json('{"a":2}')}`,
	'a JSON array': `[${json()}]`,
	'JSON under a comment': `# a\n${json('{"a":"b"}', '\n\t')}`,
	'YAML in braces with a comment': `{ # a\n"apiVersion": example.com/v1, kind: Thing, metadata: {name: ${NAME}}}\n`,
};

const little = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');

/** Encodings with a byte order mark that kubectl and the product read. */
export const ENCODINGS: Readonly<Record<string, (text: string) => Uint8Array>> = {
	'UTF-8': (text) => Buffer.from(`\ufeff${text}`),
	'UTF-16LE': little,
	'UTF-16BE': (text) => little(text).swap16(),
};

/** The texts to encode. */
export const ENCODED: readonly string[] = [thing('{a: "é😀"}'), json('{"a":1}')];

/** Texts for which the product reports more than kubectl, or continues where kubectl stops. */
export const REPORTED: Readonly<Record<string, string>> = {
	'a repeated key': thing('{a: 1, a: 2}'),
	'a repeated key in JSON': json('{"a":1,"a":2}'),
	'a document after ...': `${thing('{a: 1}')}...\n${thing('{a: 2}')}`,
	'content after dashes': `${thing('{a: 1}')}--- {b: 1}\n---\n${thing('{a: 2}')}`,
	'four dashes': `${thing('{a: 1}')}----\n${thing('{a: 2}')}`,
	'%YAML': thing('{}', '%YAML 1.1\n---\n'),
	'JSON after JSON after YAML': `${thing('{a: 1}')}---\n${json('{"a":2}')}${json('{"a":3}')}`,
	'a quoted text that continues further left': thing('\n  a: "b\n c"'),
	'a bracket that ends further left': thing('\n  a: [1\n]'),
	'a comment without a space before it': thing('\n  a: "b"# c'),
};
