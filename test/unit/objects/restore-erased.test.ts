import { expect } from 'chai';
import fc from 'fast-check';
import type { Kind } from '../../../src/api/names.ts';
import type { Json } from '../../../src/api/types.ts';
import { restoreErased } from '../../../src/objects/restore-erased.ts';
import { frozen, PASSWORD, REDIS } from '../../harness/objects.ts';

const storage = { ...REDIS, db: 2, passwordRef: PASSWORD };
const WITH_TLS = { sessionStorage: { ...storage, tls: { insecureSkipVerify: true } } };
const MEMBERS_OF_OBJECT = JSON.parse('{"provider":"redis","__proto__":{"x":1},"constructor":"c"}');

/** Without `expected`, the object stays as it was sent. */
const FIELDS: [title: string, before: unknown, now: unknown, expected?: Json | undefined, kind?: Kind][] = [
	['a part that the scaling schema does not have › restored', WITH_TLS, { sessionStorage: storage }, WITH_TLS],
	['no spec before › as sent', undefined, {}],
	['no spec now › only the scaling fields restored', { image: 'i', replicas: 2 }, undefined, { replicas: 2 }],
	['backendReplicas of an MCPRemoteProxy › as sent', { backendReplicas: 2 }, {}, undefined, 'MCPRemoteProxy'],
	[
		'keys __proto__ and constructor › restored',
		{ sessionStorage: MEMBERS_OF_OBJECT },
		{ sessionStorage: { provider: 'redis' } },
		{ sessionStorage: MEMBERS_OF_OBJECT },
	],
];

describe('restore-erased › fields', () => {
	for (const [title, before, now, expected, kind = 'MCPServer'] of FIELDS) {
		it(title, () => {
			const object = frozen({ spec: now });
			const restored = restoreErased(kind, object, frozen({ spec: before }));
			if (expected === undefined) expect(restored).to.equal(object);
			else expect(JSON.stringify(restored['spec'])).to.equal(JSON.stringify(expected));
			expect(restoreErased(kind, restored, { spec: before }), 'a second time').to.equal(restored);
		});
	}
});

/**
 * `replicas`, `backendReplicas` and `image` are fields of spec; `provider`, `address` and `db` are fields of
 * sessionStorage.
 */
function nested(parts: readonly string[], prefix: string): Json {
	const fields = (chosen: readonly string[]) => Object.fromEntries(chosen.map((part) => [prefix + part, { part }]));
	const ofStorage = parts.filter((part) => ['provider', 'address', 'db'].includes(part));
	const others = parts.filter((part) => !ofStorage.includes(part));
	return { ...fields(others), ...(ofStorage.length > 0 && { [`${prefix}sessionStorage`]: fields(ofStorage) }) };
}
const entry = (manager: string, parts: readonly string[], more: Json = {}): Json => {
	return { manager, operation: 'Apply', apiVersion: 'v1beta1', fieldsV1: { 'f:spec': nested(parts, 'f:') }, ...more };
};
const flux = (...parts: string[]): Json => entry('flux', parts);
const user = (...parts: string[]): Json => entry('user', parts);
const update = (...parts: string[]): Json => entry('flux', parts, { operation: 'Update' });

const PARTS = ['replicas', 'backendReplicas', 'provider', 'address', 'db'];
const BOTH = flux('image', 'replicas');
const REPLICAS = flux('replicas');
const IMAGE = flux('image');
const OPERATOR = entry('operator', [], { operation: 'Update' });
/** A subresource has its own entry, which the operator's PUT does not change. */
const STATUS = entry('flux', [], { subresource: 'status', fieldsV1: { 'f:status': {} } });
const OTHERS = [STATUS, entry('flux', ['args'], { apiVersion: 'v1alpha1' })];
const WITH_DOT = { ...update(), fieldsV1: { 'f:spec': { '.': {}, ...nested(['replicas'], 'f:') } } };

/** `before`, `now` and `expected` are managers. Only the field image remains. */
const MANAGERS: [title: string, before: Json[], now: Json[], expected: Json[]][] = [
	['it owns other fields, too › its entry gets the field', [BOTH], [IMAGE, OPERATOR], [BOTH, OPERATOR]],
	['its entry is gone › restored in its place', [REPLICAS, user('image')], [user('image')], [REPLICAS, user('image')]],
	['client-side apply › restored, as server-side apply takes it over', [WITH_DOT], [], [update('replicas')]],
	['apply and update of one name', [REPLICAS, update('image')], [update('image')], [REPLICAS, update('image')]],
	['status and another version › as sent', [...OTHERS, BOTH], [...OTHERS, IMAGE], [...OTHERS, BOTH]],
	['no manager owned the field › as sent', [IMAGE], [IMAGE, STATUS], [IMAGE, STATUS]],
	['an entry without erased fields is gone › not restored', [user('args'), BOTH], [IMAGE], [BOTH]],
	[
		'its entry has a newer time › that is kept',
		[{ ...BOTH, time: 1 }],
		[{ ...IMAGE, time: 2 }],
		[{ ...BOTH, time: 2 }],
	],
];

describe('restore-erased › managers', () => {
	for (const [title, before, now, expected] of MANAGERS) {
		it(title, () => {
			const metadata = { name: 'search', managedFields: now };
			const object = frozen({ metadata, spec: nested(['image'], '') });
			const spec = nested(['image', 'replicas', 'address', 'db'], '');
			const old = frozen({ metadata: { managedFields: before }, spec });
			const after = restoreErased('MCPServer', object, old);
			expect(after['metadata']).to.deep.equal({ ...metadata, managedFields: expected });
			expect(restoreErased('MCPServer', after, old), 'a second time').to.equal(after);
		});
	}

	it('any managers, any part erased › what the API server removed is restored exactly', () => {
		const some = fc.subarray(PARTS);
		const property = fc.property(fc.array(some, { maxLength: 4 }), some, (owners, erased) => {
			const without = (list: readonly string[]): string[] => list.filter((part) => !erased.includes(part));
			const old = { metadata: { managedFields: managersOf(owners) }, spec: nested(PARTS, '') };
			const managedFields = managersOf(owners.map(without));
			const sent = { metadata: { managedFields }, spec: nested(without(PARTS), '') };
			expect(restoreErased('MCPServer', sent, old)).to.deep.equal(old);
		});
		fc.assert(property);
	});
});

/** Returns managers as the API server stores them: a manager that owns nothing has no entry. */
const managersOf = (owners: readonly (readonly string[])[]): Json[] =>
	owners.flatMap((parts, index) => (parts.length === 0 ? [] : [entry(`m${index}`, parts)]));
