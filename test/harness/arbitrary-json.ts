/** Generates random JSON objects as texts, in several layouts and with tokens that a serializer would change. */
import fc from 'fast-check';
import type { Json } from '../../src/api/types.ts';

/** Tokens that JSON.parse and JSON.stringify would change. The text `@N` in a value is replaced with token N. */
const FRAGILE = [
	...['12345678901234567890', '-0', '1.0', '1E+2', '"\\u003ca\\u003e\\u0026"', '"\\u2028"', '"\\/"'],
	...['"\\ud83d\\ude00"', '"\\"session_redis\\":{}"', '"}, {"'],
];
/**
 * No key begins with an escape. After a key that begins with a backslash, V8's JSON.parse misreads other keys
 * (nodejs/node#63785, Node 24 and 26), and these tests compare with its results.
 */
const KEYS = ['name', '__proto__', 'constructor', 'toString', 'tls', '', 'a.b', 'a/b', 'scaling', 'ключ', '<&>', 'a"'];

const scalar = fc.oneof(
	fc.nat(FRAGILE.length - 1).map((index) => `@${index}`),
	fc.integer(),
	fc.string({ unit: 'binary', maxLength: 12 }),
	fc.constantFrom(true, null),
);
const { object } = fc.letrec<{ object: Json; value: unknown }>((tie) => ({
	object: fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 5, noNullPrototype: true }),
	value: fc.oneof({ maxDepth: 4, depthSize: 'small' }, scalar, fc.array(tie('value'), { maxLength: 4 }), tie('object')),
}));

const textOf = (config: fc.Arbitrary<Json>): fc.Arbitrary<string> =>
	fc
		.tuple(
			config,
			fc.constantFrom('', '  ', '    ', '\t'),
			fc.constantFrom('\n', '\r\n'),
			fc.constantFrom('', ' ', '\r\n\t'),
		)
		.map(([found, indent, newline, around]) => {
			const printed = JSON.stringify(found, null, indent).replace(/"@(\d)"/g, (_, index) => FRAGILE[index] ?? '');
			return around + printed.replaceAll('\n', newline) + around;
		});

/** Returns `a` and `b` in one object, which begins with the key at `start`. */
const mixed = (a: Json, b: Json, start: number): Json => {
	const entries = Object.entries({ ...a, ...b });
	return Object.fromEntries([...entries.slice(start), ...entries.slice(0, start)]);
};
const atLeastOne = object.map((found) => (Object.keys(found).length > 0 ? found : { name: 'n' }));

/**
 * Generates JSON objects with at least one key, and with no keys that the product writes. Some have a `scaling_config`
 * with unknown keys.
 */
export const foreignJson: fc.Arbitrary<string> = textOf(
	fc
		.tuple(atLeastOne, fc.option(atLeastOne, { freq: 2 }), fc.nat(6))
		.map(([found, config, start]) => mixed(found, config === null ? {} : { scaling_config: config }, start)),
);
