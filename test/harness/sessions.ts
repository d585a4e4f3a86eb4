/** A CRD with only the scaling fields, and random values for its `spec`. */
import fc from 'fast-check';
import { SCALING_FIELDS } from '../../src/api/schema.ts';
import { isObject, type Json } from '../../src/api/types.ts';

export const SESSIONS = { group: 'cel.toolhive-scaling.example', plural: 'sessions', kind: 'Session' } as const;

export const sessionCrd = (): Json => {
	const { group, kind, plural } = SESSIONS;
	const specSchema = { type: 'object', properties: SCALING_FIELDS.MCPServer };
	const schema = { openAPIV3Schema: { type: 'object', properties: { spec: specSchema } } };
	return {
		...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
		metadata: { name: `${plural}.${group}` },
		spec: {
			...{ group, names: { kind, plural }, scope: 'Namespaced' },
			versions: [{ name: 'v1', served: true, storage: true, schema }],
		},
	};
};

export const sessionOf = (name: string, sessionSpec: Json): Json => ({
	...{ apiVersion: `${SESSIONS.group}/v1`, kind: SESSIONS.kind, metadata: { name }, spec: sessionSpec },
});

/** Returns `spec` as a webhook receives it. The API server sets defaults in new and in stored objects. */
export function shown(sessionSpec: Json): Json {
	const stored = sessionSpec['sessionStorage'];
	return isObject(stored) ? { ...sessionSpec, sessionStorage: { ...stored, db: stored['db'] ?? 0 } } : sessionSpec;
}

const ABSENT = Symbol('absent');
const oneOf = (...values: readonly unknown[]): fc.Arbitrary<unknown> => fc.constantFrom(ABSENT, ...values);
const withoutAbsent = (object: object): Json =>
	Object.fromEntries(Object.entries(object).filter(([, value]) => value !== ABSENT));
const PASSWORDS = [null, {}, { name: 'a', key: 'b' }, { name: 'a' }, { name: null, key: 'b' }, { name: '', key: '' }];

const storage = fc
	.record({
		provider: fc.oneof(
			{ weight: 3, arbitrary: fc.constant('redis') },
			oneOf('redis', 'memory', '', 'Redis', null, 3, ['redis'], {}),
		),
		address: fc.oneof(
			oneOf('r:1', 'r:1', 'r', 'redis://r:1', '', ' ', null, 5, true, [], {}),
			fc.string({ unit: 'grapheme' }),
			fc.constant('ü'.repeat(300)),
		),
		db: oneOf(0, 1, -1, 1.5, 2 ** 31 - 1, 2 ** 31, 1e21, '0', null, true, []),
		keyPrefix: oneOf('a:', 'a', '', null, 7, {}),
		passwordRef: oneOf(...PASSWORDS, 'x', []),
	})
	.map(withoutAbsent);
/** Leaves out some fields, so that some values have only one fault. */
const plainer = fc
	.tuple(storage, fc.subarray(['address', 'db', 'keyPrefix', 'passwordRef']))
	.map(([whole, left]) =>
		Object.fromEntries(Object.entries(whole).filter(([key]) => key === 'provider' || left.includes(key))),
	);
const count = fc.oneof(
	{ weight: 6, arbitrary: fc.constant<unknown>(ABSENT) },
	oneOf(0, 3, -1, 1.5, 2 ** 31, '3', null, {}),
);

export const spec: fc.Arbitrary<Json> = fc
	.record({
		sessionStorage: fc.oneof({ weight: 12, arbitrary: plainer }, oneOf(null, 'redis', [], 5, {})),
		replicas: count,
		backendReplicas: count,
	})
	.map(withoutAbsent);

/** Generates a stored spec and a new spec: the same one, one with a single change, or any spec. */
export const change: fc.Arbitrary<readonly [Json, Json]> = fc
	.tuple(spec, spec, fc.nat(3), fc.nat(9))
	.map(([old, other, how, at]) => {
		if (how === 0) return [old, old];
		if (how === 1) return [old, other];
		const [stored, wanted] = [old['sessionStorage'], other['sessionStorage']];
		if (!isObject(stored) || !isObject(wanted)) return [old, { ...old, ...other }];
		const keys = Object.keys(wanted);
		const key = keys[at % keys.length] ?? 'db';
		return [old, { ...old, sessionStorage: { ...stored, [key]: wanted[key] ?? null } }];
	});
