/** Generates random JSON texts: nested, in many layouts, and with tokens that a serializer would change. */
import fc from 'fast-check';

type Node = { raw: string } | { list: Node[] } | { entries: Field[] };
type Field = [string, Node];

/** Tokens that JSON.parse and JSON.stringify would change. */
const FRAGILE = [
	...[
		'12345678901234567890',
		'-0',
		'1.0',
		'1E+2',
		'"\\u003ca\\u003e\\u0026"',
		'"\\u2028"',
		'"\\/"',
		'"\\ud83d\\ude00"',
	],
	...['"\ud83d\ude00 ключ"', '""', 'true', 'null', '"\\"session_redis\\":{}"', '"}, {"'],
];
const KEYS = [
	'name',
	'image',
	'__proto__',
	'constructor',
	'toString',
	'tls',
	'',
	'a.b',
	'a/b',
	'scaling',
	'ключ',
	'<&>',
	'a"',
];
/** Keys that the product writes. The generators choose their values explicitly. */
const WRITTEN = ['scaling_config', 'backend_replicas', 'session_redis'];

/**
 * Rejects keys that begin with an escape. After a key that begins with a backslash, V8's JSON.parse misreads other keys
 * (nodejs/node#63785, Node 24 and 26), and these tests compare with its results.
 */
const isReadWell = (name: string): boolean => !JSON.stringify(name).startsWith('"\\');

const key = fc.oneof(
	{ weight: 3, arbitrary: fc.constantFrom(...KEYS) },
	fc.string({ maxLength: 8 }).filter(isReadWell),
);
const scalar = fc.oneof(
	fc.constantFrom(...FRAGILE),
	fc.integer().map(String),
	fc.string({ unit: 'binary', maxLength: 12 }).map((text) => JSON.stringify(text)),
);

const { node, entries } = fc.letrec<{ node: Node; entries: Field[] }>((tie) => ({
	node: fc.oneof(
		{ maxDepth: 4, depthSize: 'small' },
		scalar.map((raw) => ({ raw })),
		fc.array(tie('node'), { maxLength: 4 }).map((list) => ({ list })),
		tie('entries').map((found) => ({ entries: found })),
	),
	entries: fc.uniqueArray(fc.tuple(key, tie('node')), { maxLength: 6, selector: ([name]) => name }),
}));

const layout = fc.constantFrom(
	...([
		['\n', '  ', ': '],
		['\n', '    ', ': '],
		['\n', '\t', ': '],
		['\r\n', '  ', ': '],
		['\n', '', ':'],
		['', '', ':'],
		['', '', ' : '],
	] as const),
);
const around = fc.constantFrom('', '\n', ' ', '\r\n\t');

function print(value: Node, style: readonly [newline: string, unit: string, colon: string], depth: number): string {
	if ('raw' in value) return value.raw;
	const [newline, unit, colon] = style;
	const isList = 'list' in value;
	const items = isList
		? value.list.map((one) => print(one, style, depth + 1))
		: value.entries.map(([name, one]) => JSON.stringify(name) + colon + print(one, style, depth + 1));
	const [open, close] = isList ? ['[', ']'] : ['{', '}'];
	if (items.length === 0) return open + close;
	const inner = newline + (newline && unit.repeat(depth + 1));
	const outer = newline + (newline && unit.repeat(depth));
	return `${open}${inner}${items.join(`,${inner}`)}${outer}${close}`;
}

const json = (fields: fc.Arbitrary<Field[]>): fc.Arbitrary<string> =>
	fc
		.tuple(fields, layout, around, around)
		.map(([found, style, before, after]) => before + print({ entries: found }, style, 0) + after);

const foreign = entries.map((found) => found.filter(([name]) => !WRITTEN.includes(name)));
const atLeastOne = foreign.map((found): Field[] => (found.length > 0 ? found : [['name', { raw: '"n"' }]]));
/** A `scaling_config` with keys that the product does not know. */
const config = atLeastOne.map((found): Field => ['scaling_config', { entries: found }]);

const inserted = (fields: Field[], extra: readonly Field[], at: number): Field[] =>
	fields.toSpliced(at % (fields.length + 1), 0, ...extra);

/**
 * Generates JSON objects with at least one key, and with no keys that the product writes. Some have a `scaling_config`
 * with unknown keys.
 */
export const foreignJson: fc.Arbitrary<string> = json(
	fc
		.tuple(atLeastOne, fc.option(config, { nil: undefined, freq: 2 }), fc.nat(9))
		.map(([found, one, at]) => inserted(found, one === undefined ? [] : [one], at)),
);

const field = (name: string, value: fc.Arbitrary<Node>): fc.Arbitrary<Field[]> =>
	fc.option(value, { freq: 2 }).map((one) => (one === null ? [] : [[name, one] satisfies Field]));
const raw = (...texts: readonly string[]): fc.Arbitrary<Node> =>
	fc.constantFrom(...texts).map((text) => ({ raw: text }));
const redis: fc.Arbitrary<Node> = fc
	.tuple(
		raw('"r:1"', '"other:6379"', '""').map((address): Field[] => [['address', address]]),
		...[field('db', raw('0', '2')), field('key_prefix', raw('"a:"', '""')), field('tls', node)],
	)
	.map((fields) => ({ entries: fields.flat() }));
const written = fc
	.tuple(field('backend_replicas', raw('0', '2', '3')), field('session_redis', fc.oneof(redis, node)))
	.map((fields) => fields.flat());

/** Generates JSON objects. Some already contain the product's keys, in either place, with right or wrong values. */
export const runConfigJson: fc.Arbitrary<string> = json(
	fc
		.tuple(foreign, written, foreign, written, fc.boolean(), fc.nat(9))
		.map(([top, topWritten, below, belowWritten, hasConfig, at]) => {
			const inConfig: Field = ['scaling_config', { entries: inserted(below, belowWritten, at) }];
			return inserted(inserted(top, topWritten, at), hasConfig ? [inConfig] : [], at + 1);
		}),
);
