import { expect } from 'chai';
import fc from 'fast-check';
import type { Kind } from '../../../src/api/names.ts';
import type { Json } from '../../../src/api/types.ts';
import { restoreErased } from '../../../src/objects/restore-erased.ts';
import { frozen, PASSWORD, REDIS } from '../../harness/objects.ts';

const storage = { ...REDIS, db: 2, passwordRef: PASSWORD };
const ALL = { image: 'i', replicas: 3, backendReplicas: 0, sessionStorage: storage };
const WITH_PREFIX = { sessionStorage: { ...storage, keyPrefix: 'a:' } };
const WITH_TLS = { sessionStorage: { ...storage, tls: { insecureSkipVerify: true } } };
const MEMBERS_OF_OBJECT = JSON.parse('{"provider":"redis","__proto__":{"x":1},"constructor":"c"}');

/** No `expected`: the object that was sent. */
const FIELDS: [title: string, before: Json, now: Json, expected?: Json | undefined, kind?: Kind][] = [
	['all three › restored', ALL, { image: 'i' }, ALL],
	['0 › restored as 0', { replicas: 0 }, {}, { replicas: 0 }],
	['a part of sessionStorage › restored', WITH_PREFIX, { sessionStorage: storage }, WITH_PREFIX],
	['a part that the scaling schema does not have › restored', WITH_TLS, { sessionStorage: storage }, WITH_TLS],
	['another value › as sent', { replicas: 3 }, { replicas: 2 }],
	['a new value › as sent', {}, { replicas: 2 }],
	['unset before › as sent', { image: 'i' }, { image: 'j' }],
	['another field › as sent', { args: ['-v'] }, {}],
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
	it('no spec before › as sent', () => {
		const object = { metadata: {} };
		for (const before of [{}, { spec: null }]) expect(restoreErased('MCPServer', object, before)).to.equal(object);
	});
	it('no spec now › restored', () => {
		expect(restoreErased('MCPServer', {}, { spec: { replicas: 2 } })).to.deep.equal({ spec: { replicas: 2 } });
	});
});

const entry = (manager: string, fields: object, operation = 'Apply', more: Json = {}): Json => {
	const apiVersion = 'toolhive.stacklok.dev/v1beta1';
	return { manager, operation, apiVersion, fieldsV1: { 'f:spec': fields }, ...more };
};
const stored = (...parts: string[]): Json => ({
	'f:sessionStorage': Object.fromEntries(parts.map((key) => [key, {}])),
});

const SPEC = { image: 'i', replicas: 3, sessionStorage: { provider: 'redis', address: 'a:1', db: 2 } };
const WITHOUT_DB = { ...SPEC, sessionStorage: { provider: 'redis', address: 'a:1' } };
const IMAGE = { 'f:image': {} };
const COUNT = { 'f:replicas': {} };
const BOTH = { ...IMAGE, ...COUNT };
const FLUX = entry('flux', COUNT);
const FLUX_IMAGE = entry('flux', IMAGE);
const FLUX_BOTH = entry('flux', BOTH);
const OPERATOR = entry('operator', {}, 'Update');
const KUBECTL = entry('kubectl', COUNT);
const PERSON = entry('person', IMAGE);
const CLIENT_SIDE = entry('kubectl-client-side-apply', COUNT, 'Update');
/** Subresources have entries of their own, which the operator's PUT leaves alone. */
const STATUS = entry('flux', {}, 'Apply', { subresource: 'status', fieldsV1: { 'f:status': {} } });
const OLDER = entry('flux', { 'f:args': {} }, 'Apply', { apiVersion: 'toolhive.stacklok.dev/v1alpha1' });
const JAN_1 = { time: '2026-01-01T00:00:00Z' };
const JAN_2 = { time: '2026-01-02T00:00:00Z' };

/** `before` and `now` are managers. No `expected`: as in `now`. The spec before is SPEC. */
const MANAGERS: [title: string, before: Json[], now: Json[], expected?: Json[] | undefined, spec?: Json][] = [
	['it owns other fields, too › its entry gets the field', [FLUX_BOTH], [FLUX_IMAGE, OPERATOR], [FLUX_BOTH, OPERATOR]],
	[
		'it owned nothing else › its entry is restored in its place',
		[FLUX, PERSON],
		[PERSON, STATUS],
		[FLUX, PERSON, STATUS],
	],
	[
		'two own a part of sessionStorage each › each gets its own part',
		[entry('flux', stored('f:provider', 'f:address')), entry('person', stored('f:db'))],
		[],
		[entry('flux', stored('f:provider', 'f:address')), entry('person', stored('f:db'))],
		{ image: 'i', replicas: 3 },
	],
	['two own the field › both get it', [FLUX, KUBECTL], [], [FLUX, KUBECTL]],
	[
		'a part of sessionStorage is erased › only that part is restored',
		[entry('flux', stored('.', 'f:provider', 'f:address', 'f:db'))],
		[entry('flux', stored('f:provider'))],
		[entry('flux', stored('f:provider', 'f:db'))],
		WITHOUT_DB,
	],
	[
		'client-side apply (Update) › restored, because `kubectl apply --server-side` takes it over',
		[entry('kubectl-client-side-apply', { '.': {}, ...COUNT }, 'Update')],
		[],
		[CLIENT_SIDE],
	],
	[
		'the same name applies and updates › each entry gets its own fields',
		[KUBECTL, entry('kubectl', IMAGE, 'Update')],
		[entry('kubectl', IMAGE, 'Update')],
		[KUBECTL, entry('kubectl', IMAGE, 'Update')],
	],
	[
		'the same name with another subresource or version › only the owner gets the field',
		[STATUS, OLDER, FLUX_BOTH],
		[STATUS, OLDER, FLUX_IMAGE],
		[STATUS, OLDER, FLUX_BOTH],
	],
	['no manager owned the field › as sent', [FLUX_IMAGE], [FLUX_IMAGE, STATUS]],
	['an entry without erased fields is removed › not restored', [entry('person', { 'f:args': {} }), FLUX], [], [FLUX]],
	[
		'its entry was written again › the newer time is kept',
		[entry('flux', BOTH, 'Apply', JAN_1)],
		[entry('flux', IMAGE, 'Apply', JAN_2)],
		[entry('flux', BOTH, 'Apply', JAN_2)],
	],
	['another value › its new manager is kept', [FLUX], [OPERATOR], undefined, { ...SPEC, replicas: 5 }],
];

describe('restore-erased › managers', () => {
	for (const [title, before, now, expected = now, spec = { image: 'i' }] of MANAGERS) {
		it(title, () => {
			const rest = { kind: 'MCPServer', status: { phase: 'Ready' } };
			const object = frozen({ ...rest, metadata: { name: 'search', managedFields: now }, spec });
			const old = frozen({ metadata: { managedFields: before }, spec: SPEC });
			const after = restoreErased('MCPServer', object, old);
			expect(after['metadata']).to.deep.equal({ name: 'search', managedFields: expected });
			expect(after).to.deep.include(rest);
			expect(restoreErased('MCPServer', after, old), 'a second time').to.equal(after);
		});
	}

	it('any managers, any part erased › what the API server removed is restored exactly', () => {
		const parts = ['replicas', 'backendReplicas', 'provider', 'address', 'db'];
		const some = fc.subarray(parts);
		const property = fc.property(fc.array(some, { maxLength: 4 }), some, (owners, erased) => {
			const without = (list: readonly string[]): string[] => list.filter((part) => !erased.includes(part));
			const old = { metadata: { managedFields: managersOf(owners) }, spec: nested(parts, '') };
			const sent = { metadata: { managedFields: managersOf(owners.map(without)) }, spec: nested(without(parts), '') };
			expect(restoreErased('MCPServer', sent, old)).to.deep.equal(old);
		});
		fc.assert(property);
	});
});

/** `replicas` and `backendReplicas` are fields of spec, the other parts fields of sessionStorage. */
function nested(parts: readonly string[], prefix: string): Json {
	const fields = (chosen: readonly string[]) => Object.fromEntries(chosen.map((part) => [prefix + part, { part }]));
	const counts = parts.filter((part) => /replicas$/i.test(part));
	const ofStorage = parts.filter((part) => !counts.includes(part));
	return { ...fields(counts), ...(ofStorage.length > 0 && { [`${prefix}sessionStorage`]: fields(ofStorage) }) };
}

/** As the API server keeps them: a manager that owns nothing has no entry. */
const managersOf = (owners: readonly (readonly string[])[]): Json[] =>
	owners.flatMap((parts, index) => (parts.length === 0 ? [] : [entry(`m${index}`, nested(parts, 'f:'))]));
