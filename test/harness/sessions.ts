/** A CRD with only the scaling fields, and `spec`s of every shape for it. */
import fc from 'fast-check';
import { SCALING_FIELDS } from '../../src/api/schema.ts';
import { isObject, type Json } from '../../src/api/types.ts';

export const SESSIONS = { group: 'cel.toolhive-scaling.example', plural: 'sessions', kind: 'Session' } as const;

/** With the fields of the schema, or with any fields, so that invalid ones can be stored. */
export const sessionCrd = (isStrict: boolean): Json => ({
	apiVersion: 'apiextensions.k8s.io/v1',
	kind: 'CustomResourceDefinition',
	metadata: { name: `${SESSIONS.plural}.${SESSIONS.group}` },
	spec: {
		group: SESSIONS.group,
		names: { kind: SESSIONS.kind, plural: SESSIONS.plural },
		scope: 'Namespaced',
		versions: [
			{
				name: 'v1',
				served: true,
				storage: true,
				schema: {
					openAPIV3Schema: {
						type: 'object',
						properties: {
							spec: isStrict
								? { type: 'object', properties: SCALING_FIELDS.MCPServer }
								: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
						},
					},
				},
			},
		],
	},
});

export const sessionOf = (name: string, spec: Json): Json => ({
	apiVersion: `${SESSIONS.group}/v1`,
	kind: SESSIONS.kind,
	metadata: { name },
	spec,
});

/** `spec` as a webhook gets it: with the defaults of the API server, also in the stored object. */
export function shown(spec: Json): Json {
	const storage = spec['sessionStorage'];
	return isObject(storage) ? { ...spec, sessionStorage: { ...storage, db: storage['db'] ?? 0 } } : spec;
}

const ABSENT = Symbol('absent');
const oneOf = (...values: readonly unknown[]): fc.Arbitrary<unknown> => fc.constantFrom(ABSENT, ...values);
const withoutAbsent = (object: object): Json =>
	Object.fromEntries(Object.entries(object).filter(([, value]) => value !== ABSENT));

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
		passwordRef: oneOf(
			null,
			{},
			{ name: 'a', key: 'b' },
			{ name: 'a' },
			{ name: null, key: 'b' },
			{ name: '', key: '' },
			'x',
			[],
		),
	})
	.map(withoutAbsent);
/** Rarely all at the same time, so that some have only one fault. */
const plainer = fc
	.tuple(storage, fc.subarray(['address', 'db', 'keyPrefix', 'passwordRef']))
	.map(([whole, left]) =>
		Object.fromEntries(Object.entries(whole).filter(([key]) => key === 'provider' || left.includes(key))),
	);
const count = oneOf(0, 3, -1, 1.5, 2 ** 31, '3', null, {});
const rarely = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
	fc.oneof({ weight: 6, arbitrary: fc.constant(ABSENT) }, value);

export const spec: fc.Arbitrary<Json> = fc
	.record({
		sessionStorage: fc.oneof({ weight: 12, arbitrary: plainer }, oneOf(null, 'redis', [], 5, {})),
		replicas: rarely(count),
		backendReplicas: rarely(count),
	})
	.map(withoutAbsent);

/** The stored spec, and the new one: the same, with one change, or any. */
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
