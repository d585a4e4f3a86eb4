import { expect } from 'chai';
import { type AdmissionDecision, denialText, warningText } from '../../../src/admission/response.ts';
import type { Json } from '../../../src/api/types.ts';
import { clusterOf } from '../../harness/memory-cluster.ts';
import { mcpRemoteProxy, mcpServer, PASSWORD, REDIS, virtualMcpServer } from '../../harness/objects.ts';
import { applied, mutated, OPERATOR, request, update, validated } from '../../harness/run-handlers.ts';

const CEL = 'spec.sessionStorage: address is required when provider is redis';
const EMPTY = 'spec.sessionStorage.address: must not be empty when provider is redis';
const ADDRESS =
	'spec.sessionStorage.address: "cache" must be host:port, with a port from 1 to 65535 and IPv6 in brackets';
const PREFIX = 'spec.sessionStorage.keyPrefix: "notes" must end in a colon, such as "search:"';
const nothing = clusterOf([]);

/** Everything there is to warn of. */
const textOf = ({ findings }: AdmissionDecision): string => findings.map(warningText).join();

/** The messages of a denial, or none. */
const denialOf = (object: Json, before?: Json): string[] => {
	const answer = validated(before === undefined ? request(object) : update(object, before), nothing);
	if (answer.allowed) return [];
	return denialText(answer.violations).split('; ');
};

const CREATE: { it: string; spec: Json; denied: string[] }[] = [
	{ it: 'redis without address', spec: { sessionStorage: { provider: 'redis' } }, denied: [CEL] },
	{ it: 'redis with an empty address', spec: { sessionStorage: { provider: 'redis', address: '' } }, denied: [EMPTY] },
	{ it: 'address null is unset', spec: { sessionStorage: { provider: 'redis', address: null } }, denied: [CEL] },
	{ it: 'replicas below 0', spec: { replicas: -1 }, denied: ['spec.replicas: must be at least 0'] },
	{ it: 'replicas as a text', spec: { replicas: '3' }, denied: ['spec.replicas: must be of type integer'] },
	{
		it: 'an unknown provider',
		spec: { sessionStorage: { provider: 'etcd', address: 'a' } },
		denied: ['spec.sessionStorage.provider: must be one of memory, redis'],
	},
	{
		it: 'everything at once, in one message',
		spec: { replicas: -1, sessionStorage: { provider: 'redis', db: -1 } },
		denied: ['spec.replicas: must be at least 0', 'spec.sessionStorage.db: must be at least 0', CEL],
	},
	{
		it: 'no provider: said once, by the type check',
		spec: { sessionStorage: { address: 'a' } },
		denied: ['spec.sessionStorage.provider: is required'],
	},
	{
		it: 'an address without port',
		spec: { sessionStorage: { provider: 'redis', address: 'cache' } },
		denied: [ADDRESS],
	},
	{ it: 'a prefix without colon', spec: { sessionStorage: { ...REDIS, keyPrefix: 'notes' } }, denied: [PREFIX] },
	{
		it: 'both, in one message',
		spec: { sessionStorage: { provider: 'redis', address: 'cache', keyPrefix: 'notes' } },
		denied: [ADDRESS, PREFIX],
	},
	{
		it: 'address and prefix of another type: said once, by the type check',
		spec: { sessionStorage: { provider: 'redis', address: 6379, keyPrefix: 1 } },
		denied: [
			'spec.sessionStorage.address: must be of type string',
			'spec.sessionStorage.keyPrefix: must be of type string',
		],
	},
	{
		it: 'memory with an address and a prefix that are used by no proxy',
		spec: { sessionStorage: { provider: 'memory', address: 'cache', keyPrefix: 'notes' } },
		denied: [],
	},
	{ it: 'redis with address', spec: { sessionStorage: REDIS }, denied: [] },
	{ it: 'memory', spec: { sessionStorage: { provider: 'memory' } }, denied: [] },
	{ it: 'nothing set', spec: {}, denied: [] },
	{ it: 'null is unset, as the API server drops it', spec: { replicas: null, sessionStorage: null }, denied: [] },
	{ it: 'null below is unset', spec: { sessionStorage: { ...REDIS, db: null, keyPrefix: null } }, denied: [] },
	{
		it: 'fields of newer CRDs',
		spec: { transport: 3, sessionStorage: { ...REDIS, tls: 'x', sentinel: [] } },
		denied: [],
	},
];

describe('validate, CREATE', () => {
	for (const { it: title, spec, denied } of CREATE) {
		for (const make of [mcpServer, virtualMcpServer, mcpRemoteProxy]) {
			it(`${String(make()['kind'])}: ${title}: ${denied.length > 0 ? 'denied' : 'allowed'}`, () => {
				expect(denialOf(make(spec))).to.deep.equal(denied);
			});
		}
	}
	it('v1alpha1 is judged alike', () => {
		const alpha = {
			...mcpServer({ sessionStorage: { provider: 'redis' } }),
			apiVersion: 'toolhive.stacklok.dev/v1alpha1',
		};
		expect(denialOf(alpha)).to.deep.equal([CEL]);
	});
	it('an annotation that silences the former warning of the prefix is a warning itself, and silences no denial', () => {
		const annotations = { 'toolhive-scaling/ignore': 'key-prefix-separator, redis-key-prefix-invalid' };
		const object = mcpServer({ sessionStorage: { ...REDIS, keyPrefix: 'notes' } }, { annotations });
		expect(denialOf(object)).to.deep.equal([PREFIX]);
		expect(textOf(validated(request(object), nothing))).to.include('no warning is called "key-prefix-separator"');
	});
	it('the annotation never silences a denial', () => {
		const annotations = { 'toolhive-scaling/ignore': 'redis-without-password, session-storage-missing' };
		expect(denialOf(mcpServer({ sessionStorage: { provider: 'redis' } }, { annotations }))).to.deep.equal([CEL]);
	});
	it('a denial carries the warnings too', () => {
		const answer = validated(request(mcpServer({ replicas: 3, sessionStorage: { provider: 'redis' } })), nothing);
		expect(textOf(answer)).to.include('redis-without-password');
	});
	it('a spec that is no object is for the API server to refuse', () => {
		for (const spec of [undefined, null, 'x', 3, []]) expect(denialOf({ ...mcpServer(), spec })).to.deep.equal([]);
	});
});

const missing = { provider: 'redis' };
const unreachable = { provider: 'redis', address: 'cache' };
const unprefixed = { ...REDIS, keyPrefix: 'notes' };
const RATCHET: { it: string; before: Json; now: Json; denied: string[] }[] = [
	{
		it: 'bad before and after',
		before: { sessionStorage: missing },
		now: { sessionStorage: missing, replicas: 2 },
		denied: [],
	},
	{ it: 'bad before, mended', before: { sessionStorage: missing }, now: { sessionStorage: REDIS }, denied: [] },
	{
		it: 'bad before, touched',
		before: { sessionStorage: missing },
		now: { sessionStorage: { ...missing, db: 1 } },
		denied: [CEL],
	},
	{ it: 'good before, bad after', before: { sessionStorage: REDIS }, now: { sessionStorage: missing }, denied: [CEL] },
	{ it: 'unset before, bad after', before: {}, now: { sessionStorage: missing }, denied: [CEL] },
	{
		it: 'memory before, redis without address after',
		before: { sessionStorage: { provider: 'memory' } },
		now: { sessionStorage: missing },
		denied: [CEL],
	},
	{
		it: 'an empty address before, its prefix changed',
		before: { sessionStorage: { provider: 'redis', address: '' } },
		now: { sessionStorage: { provider: 'redis', address: '', keyPrefix: 'a:' } },
		denied: [],
	},
	{
		it: 'an empty address with memory before, redis after',
		before: { sessionStorage: { provider: 'memory', address: '' } },
		now: { sessionStorage: { provider: 'redis', address: '' } },
		denied: [EMPTY],
	},
	{
		it: 'a bad address is new',
		before: { sessionStorage: REDIS },
		now: { sessionStorage: unreachable },
		denied: [ADDRESS],
	},
	{
		it: 'a bad address before, db changed',
		before: { sessionStorage: unreachable },
		now: { sessionStorage: { ...unreachable, db: 2 }, replicas: 3 },
		denied: [],
	},
	{
		it: 'a bad address before, another bad one after',
		before: { sessionStorage: { ...unreachable, address: 'former' } },
		now: { sessionStorage: unreachable },
		denied: [ADDRESS],
	},
	{
		it: 'a bad address with memory before, redis after',
		before: { sessionStorage: { ...unreachable, provider: 'memory' } },
		now: { sessionStorage: unreachable },
		denied: [ADDRESS],
	},
	{
		it: 'a bad address before, its prefix bad after',
		before: { sessionStorage: unreachable },
		now: { sessionStorage: { ...unreachable, keyPrefix: 'notes' } },
		denied: [PREFIX],
	},
	{
		it: 'a bad prefix is new',
		before: { sessionStorage: REDIS },
		now: { sessionStorage: unprefixed },
		denied: [PREFIX],
	},
	{
		it: 'a bad prefix before, address changed',
		before: { sessionStorage: unprefixed },
		now: { sessionStorage: { ...unprefixed, address: 'r:1' } },
		denied: [],
	},
	{
		it: 'a bad prefix with memory before, redis after',
		before: { sessionStorage: { ...unprefixed, provider: 'memory' } },
		now: { sessionStorage: unprefixed },
		denied: [PREFIX],
	},
	{
		it: 'a bad prefix before, memory after',
		before: { sessionStorage: unprefixed },
		now: { sessionStorage: { ...unprefixed, provider: 'memory' } },
		denied: [],
	},
	{ it: '-1 before and after', before: { replicas: -1 }, now: { replicas: -1, image: 'new' }, denied: [] },
	{
		it: '-1 before, -2 after',
		before: { replicas: -1 },
		now: { replicas: -2 },
		denied: ['spec.replicas: must be at least 0'],
	},
	{
		it: '-1 before, another field bad after',
		before: { replicas: -1 },
		now: { replicas: -1, sessionStorage: missing },
		denied: [CEL],
	},
	{
		it: 'passwordRef without key before and after',
		before: { sessionStorage: { ...REDIS, passwordRef: { name: 'n' } } },
		now: { sessionStorage: { ...REDIS, passwordRef: { name: 'n' } }, replicas: 2 },
		denied: [],
	},
	{
		it: 'passwordRef without key is new',
		before: { sessionStorage: REDIS },
		now: { sessionStorage: { ...REDIS, passwordRef: { name: 'n' } } },
		denied: ['spec.sessionStorage.passwordRef.key: is required'],
	},
	{
		it: 'sessionStorage without provider is new',
		before: {},
		now: { sessionStorage: { keyPrefix: 'a:' } },
		denied: ['spec.sessionStorage.provider: is required'],
	},
	{ it: 'a text before and after', before: { sessionStorage: 'x' }, now: { sessionStorage: 'x' }, denied: [] },
	{ it: 'a list before and after', before: { sessionStorage: [1] }, now: { sessionStorage: [1] }, denied: [] },
];

describe('validate, UPDATE: what was already so is let through (ratcheting)', () => {
	for (const { it: title, before, now, denied } of RATCHET) {
		for (const make of [mcpServer, virtualMcpServer, mcpRemoteProxy]) {
			it(`${String(make()['kind'])}: ${title}: ${denied.length > 0 ? 'denied' : 'allowed'}`, () => {
				expect(denialOf(make(now), make(before))).to.deep.equal(denied);
			});
		}
	}
	it('the operator’s own write of a server that is bad already is let through, also where it drops the fields', async () => {
		const bad = { ...unprefixed, address: 'cache', passwordRef: PASSWORD };
		for (const make of [mcpServer, virtualMcpServer, mcpRemoteProxy]) {
			const stored = make({ sessionStorage: bad });
			const written = make({}, { finalizers: ['toolhive.stacklok.dev/finalizer'] });
			const asked = update(written, stored, { username: OPERATOR });
			const mutating = await mutated(asked, nothing);
			if (!mutating.allowed) throw new Error('denied by the mutating webhook');
			const restored = applied(written, mutating.patch);
			expect(restored['spec']).to.deep.equal(stored['spec']);
			expect(denialOf(restored, stored)).to.deep.equal([]);
		}
	});
	it('one being deleted is let through whatever it is', () => {
		const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z' };
		expect(denialOf(mcpServer({ replicas: -1 }, metadata), mcpServer())).to.deep.equal([]);
	});
});

describe('validate: what it is not for', () => {
	const bad = mcpServer({ sessionStorage: missing });
	const ROWS = [
		{ it: 'DELETE', asked: request(bad, { operation: 'DELETE' }) },
		{ it: 'CONNECT', asked: request(bad, { operation: 'CONNECT' }) },
		{ it: 'status', asked: update(bad, mcpServer(), { resource: 'toolhive.stacklok.dev/mcpservers/status' }) },
		{ it: 'another resource', asked: request(bad, { resource: 'toolhive.stacklok.dev/mcpgroups' }) },
		{ it: 'another group', asked: request(bad, { resource: 'example.com/mcpservers' }) },
		{
			it: 'another kind in the object',
			asked: request({ ...bad, kind: 'MCPGroup' }, { resource: 'toolhive.stacklok.dev/mcpservers' }),
		},
	];
	for (const { it: title, asked } of ROWS) {
		it(`${title}: allowed, without a warning`, () => {
			expect(validated(asked, nothing)).to.deep.equal({ allowed: true, patch: [], findings: [] });
		});
	}
});

describe('validate: warnings around a server', () => {
	const shared = { sessionStorage: { ...REDIS, keyPrefix: 'team:', passwordRef: PASSWORD } };
	const hub = virtualMcpServer(shared);
	it('another server in the same key space is named', () => {
		const search = mcpServer(shared);
		const answer = validated(request(search), clusterOf([search, hub]));
		expect(textOf(answer)).to.include('shared-key-space').and.include('VirtualMCPServer hub');
	});
	it('a server does not share with itself', () => {
		const search = mcpServer(shared);
		expect(validated(update(search, search), clusterOf([search])).findings).to.deep.equal([]);
	});
	it('lowered backends are told on UPDATE', () => {
		const answer = validated(update(mcpServer({ backendReplicas: 0 }), mcpServer({ backendReplicas: 1 })), nothing);
		expect(textOf(answer)).to.include('backend-replicas-lowered');
	});
});
