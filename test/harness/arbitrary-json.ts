/** Random JSON texts as programs write them: nested, in many layouts, with tokens that a re-serialiser would lose. */
import fc from 'fast-check';

type Node = { raw: string } | { list: Node[] } | { entries: [string, Node][] };

/** Each survives only byte for byte: JSON.parse and JSON.stringify would write it another way. */
const FRAGILE = [
	'12345678901234567890',
	'-0',
	'1.0',
	'1E+2',
	'"\\u003ca\\u003e\\u0026"',
	'"\\u2028"',
	'"\\/"',
	'"\\ud83d\\ude00"',
	'"\ud83d\ude00 ключ"',
	'""',
	'true',
	'null',
	'"\\"session_redis\\":{}"',
	'"}, {"',
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

/**
 * Not a key that begins with an escape: after one that begins with a backslash, V8's JSON.parse reads others wrongly
 * (nodejs/node#63785, Node 24 and 26), and these tests compare with what it reads.
 */
const isReadWell = (name: string): boolean => !JSON.stringify(name).startsWith('"\\');

const key = fc.oneof(
	{ weight: 3, arbitrary: fc.constantFrom(...KEYS) },
	fc.string({ maxLength: 8 }).filter(isReadWell),
);
const leaf = fc.oneof(
	fc.constantFrom(...FRAGILE),
	fc.integer().map(String),
	fc.string({ unit: 'binary', maxLength: 12 }).map((text) => JSON.stringify(text)),
);

const { node, entries } = fc.letrec<{ node: Node; entries: [string, Node][] }>((tie) => ({
	node: fc.oneof(
		{ maxDepth: 4, depthSize: 'small' },
		leaf.map((raw) => ({ raw })),
		fc.array(tie('node'), { maxLength: 4 }).map((list) => ({ list })),
		tie('entries').map((found) => ({ entries: found })),
	),
	entries: fc.uniqueArray(fc.tuple(key, tie('node')), { maxLength: 6, selector: ([name]) => name }),
}));

/** Keys of ours, whose values are chosen on purpose. */
const isForeign = ([name]: [string, Node]): boolean =>
	!['scaling_config', 'backend_replicas', 'session_redis'].includes(name);

const LAYOUTS = [
	{ newline: '\n', unit: '  ', colon: ': ' },
	{ newline: '\n', unit: '    ', colon: ': ' },
	{ newline: '\n', unit: '\t', colon: ': ' },
	{ newline: '\r\n', unit: '  ', colon: ': ' },
	{ newline: '\n', unit: '', colon: ':' },
	{ newline: '', unit: '', colon: ':' },
	{ newline: '', unit: '', colon: ' : ' },
] as const;
type Layout = (typeof LAYOUTS)[number];

function print(value: Node, layout: Layout, depth: number): string {
	if ('raw' in value) return value.raw;
	const isList = 'list' in value;
	const items = isList
		? value.list.map((one) => print(one, layout, depth + 1))
		: value.entries.map(([name, one]) => JSON.stringify(name) + layout.colon + print(one, layout, depth + 1));
	const [open, close] = isList ? ['[', ']'] : ['{', '}'];
	if (items.length === 0) return open + close;
	const inner = layout.newline + (layout.newline && layout.unit.repeat(depth + 1));
	const outer = layout.newline + (layout.newline && layout.unit.repeat(depth));
	return `${open}${inner}${items.join(`,${inner}`)}${outer}${close}`;
}

const layout = fc.constantFrom<Layout>(...LAYOUTS);
const around = fc.constantFrom('', '\n', ' ', '\r\n\t');

const json = (fields: fc.Arbitrary<[string, Node][]>): fc.Arbitrary<string> =>
	fc
		.tuple(fields, layout, around, around)
		.map(([found, style, before, after]) => before + print({ entries: found }, style, 0) + after);

const foreign = entries.map((found) => found.filter(isForeign));
const atLeastOne = foreign.map((found): [string, Node][] => (found.length > 0 ? found : [['name', { raw: '"n"' }]]));
/** `scaling_config` as an operator that knows other keys than we do may write it. */
const operators = atLeastOne.map((found): [string, Node] => ['scaling_config', { entries: found }]);

const placed = (fields: [string, Node][], extra: readonly [string, Node][], at: number): [string, Node][] =>
	fields.toSpliced(at % (fields.length + 1), 0, ...extra);

/** A JSON object with at least one key, none of them ours, and perhaps a `scaling_config` with keys of others. */
export const foreignJson: fc.Arbitrary<string> = json(
	fc
		.tuple(atLeastOne, fc.option(operators, { nil: undefined, freq: 2 }), fc.nat(9))
		.map(([found, config, at]) => placed(found, config === undefined ? [] : [config], at)),
);

const redis: fc.Arbitrary<Node> = fc
	.tuple(
		fc.constantFrom('"r:1"', '"other:6379"', '""'),
		fc.option(fc.constantFrom('0', '2')),
		fc.option(fc.constantFrom('"a:"', '""')),
		fc.option(node),
	)
	.map(([address, db, prefix, tls]) => ({
		entries: [
			['address', { raw: address }],
			...(db === null ? [] : [['db', { raw: db }] as [string, Node]]),
			...(prefix === null ? [] : [['key_prefix', { raw: prefix }] as [string, Node]]),
			...(tls === null ? [] : [['tls', tls] as [string, Node]]),
		],
	}));
const count: fc.Arbitrary<Node> = fc.constantFrom('0', '2', '3').map((raw) => ({ raw }));
const ours = fc
	.tuple(fc.option(count, { freq: 2 }), fc.option(fc.oneof(redis, node), { freq: 2 }))
	.map(([backends, storage]): [string, Node][] => [
		...(backends === null ? [] : [['backend_replicas', backends] as [string, Node]]),
		...(storage === null ? [] : [['session_redis', storage] as [string, Node]]),
	]);

/** A JSON object in which our keys may stand already, at either place, with right and wrong values. */
export const runConfigJson: fc.Arbitrary<string> = json(
	fc.tuple(foreign, ours, foreign, ours, fc.boolean(), fc.nat(9)).map(([top, topOurs, below, belowOurs, has, at]) => {
		const config: [string, Node] = ['scaling_config', { entries: placed(below, belowOurs, at) }];
		return placed(placed(top, topOurs, at), has ? [config] : [], at + 1);
	}),
);
