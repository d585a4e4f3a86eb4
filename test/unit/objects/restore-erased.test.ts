import { expect } from 'chai';
import fc from 'fast-check';
import type { Kind } from '../../../src/api/names.ts';
import type { Json } from '../../../src/api/types.ts';
import { restoreErased } from '../../../src/objects/restore-erased.ts';
import { frozen, PASSWORD, REDIS } from '../../harness/objects.ts';

interface Row {
	it: string;
	kind?: Kind;
	before: Json;
	now: Json;
	/** Undefined: the very object that was sent. */
	gets?: Json;
}

const storage = { ...REDIS, db: 2, passwordRef: PASSWORD };

const TABLE: Row[] = [
	{
		it: 'all three come back',
		before: { image: 'i', replicas: 3, backendReplicas: 0, sessionStorage: storage },
		now: { image: 'i' },
		gets: { image: 'i', replicas: 3, backendReplicas: 0, sessionStorage: storage },
	},
	{ it: '0 comes back as 0', before: { replicas: 0 }, now: {}, gets: { replicas: 0 } },
	{
		it: 'a part of sessionStorage comes back',
		before: { sessionStorage: { ...storage, keyPrefix: 'a:' } },
		now: { sessionStorage: storage },
		gets: { sessionStorage: { ...storage, keyPrefix: 'a:' } },
	},
	{
		it: 'a part newer than our schema comes back',
		before: { sessionStorage: { ...storage, tls: { insecureSkipVerify: true } } },
		now: { sessionStorage: storage },
		gets: { sessionStorage: { ...storage, tls: { insecureSkipVerify: true } } },
	},
	{ it: 'a changed value is not an erased one', before: { replicas: 3 }, now: { replicas: 2 } },
	{ it: 'an added value stays', before: {}, now: { replicas: 2 } },
	{ it: 'unset before stays unset', before: { image: 'i' }, now: { image: 'j' } },
	{ it: 'other fields are no business of ours', before: { args: ['-v'] }, now: {} },
	{
		it: 'backendReplicas of a remote proxy is no field of it',
		kind: 'MCPRemoteProxy',
		before: { backendReplicas: 2 },
		now: {},
	},
	{
		it: 'keys called __proto__ and constructor are only keys',
		before: { sessionStorage: JSON.parse('{"provider":"redis","__proto__":{"x":1},"constructor":"c"}') },
		now: { sessionStorage: { provider: 'redis' } },
		gets: { sessionStorage: JSON.parse('{"provider":"redis","__proto__":{"x":1},"constructor":"c"}') },
	},
];

describe('fields an operator erased', () => {
	for (const { it: title, kind = 'MCPServer', before, now, gets } of TABLE) {
		it(title, () => {
			const object = frozen({ spec: now });
			const restored = restoreErased(kind, object, frozen({ spec: before }));
			if (gets === undefined) expect(restored).to.equal(object);
			else expect(JSON.stringify(restored['spec'])).to.equal(JSON.stringify(gets));
			expect(restoreErased(kind, restored, { spec: before }), 'a second time').to.equal(restored);
		});
	}
	it('stay away where neither has a spec', () => {
		const object = { metadata: {} };
		expect(restoreErased('MCPServer', object, {})).to.equal(object);
		expect(restoreErased('MCPServer', object, { spec: null })).to.equal(object);
	});
	it('come back into an object without spec', () => {
		expect(restoreErased('MCPServer', {}, { spec: { replicas: 2 } })).to.deep.equal({ spec: { replicas: 2 } });
	});
});

const entry = (manager: string, fields: object, operation = 'Apply'): Json => ({
	manager,
	operation,
	apiVersion: 'toolhive.stacklok.dev/v1beta1',
	fieldsV1: { 'f:spec': fields },
});

/** A status entry: subresources have entries of their own, which the operator's PUT leaves alone. */
const STATUS: Json = { ...entry('status', {}, 'Update'), subresource: 'status', fieldsV1: { 'f:status': {} } };

const OLDER: Json = { ...entry('m', { 'f:args': {} }, 'Update'), apiVersion: 'toolhive.stacklok.dev/v1alpha1' };

interface ManagersRow {
	it: string;
	before: { spec: Json; managers: Json[] };
	now: { spec: Json; managers: Json[] };
	/** Undefined: as in `now`. */
	gets?: Json[];
}

const spec = { image: 'i', replicas: 3, sessionStorage: { provider: 'redis', address: 'a:1', db: 2 } };
const IMAGE = { 'f:image': {} };
const COUNT = { 'f:replicas': {} };

const MANAGERS: ManagersRow[] = [
	{
		it: 'one manager › it owns other fields as well › its entry gets the erased ones',
		before: { spec, managers: [entry('flux', { ...IMAGE, ...COUNT })] },
		now: { spec: { image: 'i' }, managers: [entry('flux', IMAGE), entry('operator', {}, 'Update')] },
		gets: [entry('flux', { ...IMAGE, ...COUNT }), entry('operator', {}, 'Update')],
	},
	{
		it: 'one manager › it owned nothing else and its entry is gone › the entry is restored in its place',
		before: { spec, managers: [entry('flux', COUNT), entry('person', IMAGE)] },
		now: { spec: { image: 'i' }, managers: [entry('person', IMAGE), STATUS] },
		gets: [entry('flux', COUNT), entry('person', IMAGE), STATUS],
	},
	{
		it: 'two managers › each owns a part of sessionStorage › each gets its own part',
		before: {
			spec,
			managers: [
				entry('flux', { 'f:sessionStorage': { 'f:provider': {}, 'f:address': {} } }),
				entry('person', { 'f:sessionStorage': { 'f:db': {} } }),
			],
		},
		now: { spec: { image: 'i', replicas: 3 }, managers: [] },
		gets: [
			entry('flux', { 'f:sessionStorage': { 'f:provider': {}, 'f:address': {} } }),
			entry('person', { 'f:sessionStorage': { 'f:db': {} } }),
		],
	},
	{
		it: 'two managers › both owned the field › both own it again',
		before: { spec, managers: [entry('flux', COUNT), entry('person', COUNT)] },
		now: { spec: { image: 'i' }, managers: [] },
		gets: [entry('flux', COUNT), entry('person', COUNT)],
	},
	{
		it: 'some parts of sessionStorage are erased › only they are restored',
		before: {
			spec,
			managers: [entry('flux', { 'f:sessionStorage': { '.': {}, 'f:provider': {}, 'f:address': {}, 'f:db': {} } })],
		},
		now: {
			spec: { ...spec, sessionStorage: { provider: 'redis', address: 'a:1' } },
			managers: [entry('flux', { 'f:sessionStorage': { 'f:provider': {} } })],
		},
		gets: [entry('flux', { 'f:sessionStorage': { 'f:provider': {}, 'f:db': {} } })],
	},
	{
		it: 'client-side apply (Update) › its entry is restored, because `kubectl apply --server-side` takes it over',
		before: { spec, managers: [entry('kubectl-client-side-apply', { '.': {}, ...COUNT }, 'Update')] },
		now: { spec: { image: 'i' }, managers: [] },
		gets: [entry('kubectl-client-side-apply', COUNT, 'Update')],
	},
	{
		it: 'the same name applies and updates › each entry gets what it owned',
		before: { spec, managers: [entry('kubectl', COUNT), entry('kubectl', IMAGE, 'Update')] },
		now: { spec: { image: 'i' }, managers: [entry('kubectl', IMAGE, 'Update')] },
		gets: [entry('kubectl', COUNT), entry('kubectl', IMAGE, 'Update')],
	},
	{
		it: 'the same name with another subresource or version › only the entry that owned the field gets it',
		before: { spec, managers: [{ ...STATUS, manager: 'm' }, OLDER, entry('m', { ...IMAGE, ...COUNT }, 'Update')] },
		now: { spec: { image: 'i' }, managers: [{ ...STATUS, manager: 'm' }, OLDER, entry('m', IMAGE, 'Update')] },
		gets: [{ ...STATUS, manager: 'm' }, OLDER, entry('m', { ...IMAGE, ...COUNT }, 'Update')],
	},
	{
		it: 'no manager owned the field › managedFields stay as sent',
		before: { spec, managers: [entry('flux', IMAGE)] },
		now: { spec: { image: 'i' }, managers: [entry('flux', IMAGE), STATUS] },
	},
	{
		it: 'an entry is gone that owned nothing erased › it stays away',
		before: { spec, managers: [entry('person', { 'f:args': {} }), entry('flux', COUNT)] },
		now: { spec: { image: 'i' }, managers: [] },
		gets: [entry('flux', COUNT)],
	},
	{
		it: 'one manager › its entry was written again since › the newer time stays',
		before: { spec, managers: [{ ...entry('flux', { ...IMAGE, ...COUNT }), time: '2026-01-01T00:00:00Z' }] },
		now: { spec: { image: 'j' }, managers: [{ ...entry('flux', IMAGE), time: '2026-01-02T00:00:00Z' }] },
		gets: [{ ...entry('flux', { ...IMAGE, ...COUNT }), time: '2026-01-02T00:00:00Z' }],
	},
	{
		it: 'a changed value › its new manager keeps it',
		before: { spec, managers: [entry('flux', COUNT)] },
		now: { spec: { ...spec, replicas: 5 }, managers: [entry('operator', COUNT, 'Update')] },
	},
];

describe('restore-erased › managers of the fields', () => {
	for (const { it: title, before, now, gets } of MANAGERS) {
		it(title, () => {
			const rest = { kind: 'MCPServer', status: { phase: 'Ready' } };
			const object = frozen({ ...rest, metadata: { name: 'search', managedFields: now.managers }, spec: now.spec });
			const old = frozen({ metadata: { managedFields: before.managers }, spec: before.spec });
			const after = restoreErased('MCPServer', object, old);
			expect(after['metadata']).to.deep.equal({ name: 'search', managedFields: gets ?? now.managers });
			expect(after).to.deep.include(rest);
			expect(restoreErased('MCPServer', after, old), 'a second time').to.equal(after);
		});
	}

	it('any managers, any part erased › what the API server removed is restored exactly', () => {
		const parts = ['replicas', 'backendReplicas', 'provider', 'address', 'db'] as const;
		const some = fc.uniqueArray(fc.constantFrom(...parts));
		fc.assert(
			fc.property(fc.array(some, { maxLength: 4 }), some, (owners, erased) => {
				const without = (list: readonly string[]): string[] => list.filter((part) => !erased.includes(part as never));
				const old = { metadata: { managedFields: managersOf(owners) }, spec: specOf(parts) };
				const sent = { metadata: { managedFields: managersOf(owners.map(without)) }, spec: specOf(without(parts)) };
				expect(restoreErased('MCPServer', sent, old)).to.deep.equal(old);
			}),
		);
	});
});

const isStorage = (part: string): boolean => !part.toLowerCase().endsWith('replicas');

/** `replicas` and `backendReplicas` are fields of spec, the other parts fields of sessionStorage. */
const nested = (parts: readonly string[], prefix: string, value: (part: string) => unknown): Json => ({
	...Object.fromEntries(parts.filter((part) => !isStorage(part)).map((part) => [prefix + part, value(part)])),
	...(parts.some(isStorage) && {
		[`${prefix}sessionStorage`]: Object.fromEntries(
			parts.filter(isStorage).map((part) => [prefix + part, value(part)]),
		),
	}),
});

const specOf = (parts: readonly string[]): Json => nested(parts, '', (part) => part);

/** As the API server keeps them: a manager that owns nothing has no entry. */
const managersOf = (owners: readonly (readonly string[])[]): Json[] =>
	owners
		.map((parts, index) =>
			entry(
				`m${index}`,
				nested(parts, 'f:', () => ({})),
			),
		)
		.filter((_, index) => owners[index]?.length !== 0);
