/**
 * Tests denials by the webhook: combined denials, nulls, and ratcheting. test/unit/policy tests each rule, and the
 * golden cases cover the warnings.
 */
import { expect } from 'chai';
import { denialText } from '../../../src/admission/response.ts';
import type { Request } from '../../../src/admission/review.ts';
import type { Json } from '../../../src/api/types.ts';
import { clusterOf } from '../../harness/memory-cluster.ts';
import { mcpRemoteProxy, mcpServer, REDIS, virtualMcpServer } from '../../harness/objects.ts';
import { request, update, validated } from '../../harness/run-handlers.ts';

const EMPTY_CLUSTER = clusterOf([]);
const CEL = 'spec.sessionStorage: address is required when provider is redis';
const EMPTY = 'spec.sessionStorage.address: must not be empty when provider is redis';
const ADDRESS =
	'spec.sessionStorage.address: "cache" must be host:port, with a port from 1 to 65535 and IPv6 in brackets';
const PREFIX = 'spec.sessionStorage.keyPrefix: "notes" must end in a colon, such as "search:"';
const KEY = 'spec.sessionStorage.passwordRef.key: is required';
const PROVIDER = 'spec.sessionStorage.provider: is required';
const NEGATIVE = 'spec.replicas: must be at least 0';

const denials = (asked: Request): string[] => {
	const decision = validated(asked, EMPTY_CLUSTER);
	return decision.allowed ? [] : denialText(decision.violations).split('; ');
};
const outcome = (expected: readonly string[]): string => (expected.length > 0 ? 'denied' : 'allowed');

describe('validate › CREATE', () => {
	for (const [title, spec, expected] of [
		['address null, which is unset', { sessionStorage: { provider: 'redis', address: null } }, [CEL]],
		[
			'address and prefix',
			{ sessionStorage: { provider: 'redis', address: 'cache', keyPrefix: 'notes' } },
			[ADDRESS, PREFIX],
		],
		[
			'an address of another type, by one rule',
			{ sessionStorage: { provider: 'redis', address: 6379 } },
			['spec.sessionStorage.address: must be of type string'],
		],
		['null, which is unset', { replicas: null, sessionStorage: { ...REDIS, db: null, keyPrefix: null } }, []],
	] as readonly [string, Json, string[]][]) {
		it(`${title} › ${outcome(expected)}`, () => {
			for (const make of [mcpServer, virtualMcpServer, mcpRemoteProxy])
				expect(denials(request(make(spec)))).to.deep.equal(expected);
		});
	}
	it('the annotation names denials › denied', () => {
		const annotations = { 'toolhive-scaling/ignore': 'key-prefix-separator, redis-key-prefix-invalid' };
		expect(
			denials(request(mcpServer({ sessionStorage: { ...REDIS, keyPrefix: 'notes' } }, { annotations }))),
		).to.deep.equal([PREFIX]);
	});
	it('a spec that is not an object › allowed, because the API server rejects it', () => {
		for (const spec of [undefined, null, 'x', 3, []])
			expect(denials(request({ ...mcpServer(), spec }))).to.deep.equal([]);
	});
});

describe('validate › UPDATE, which allows what is stored (ratcheting)', () => {
	const redis = (fields: Json): Json => ({ sessionStorage: { provider: 'redis', ...fields } });
	const missing = redis({});
	const empty = redis({ address: '' });
	const bad = redis({ address: 'cache' });
	const notes = redis({ address: 'r:1', keyPrefix: 'notes' });
	const withoutKey = { passwordRef: { name: 'n' } };
	for (const [title, before, after, expected] of [
		['no address, db changed', missing, redis({ db: 1 }), [CEL]],
		['no address is new', redis({ address: 'r:1' }), missing, [CEL]],
		['an empty address, prefix changed', empty, redis({ address: '', keyPrefix: 'a:' }), []],
		['an empty address, memory before', redis({ address: '', provider: 'memory' }), empty, [EMPTY]],
		['a bad address is new', redis({ address: 'r:1' }), bad, [ADDRESS]],
		['a bad address, db changed', bad, redis({ address: 'cache', db: 2 }), []],
		['another bad address', redis({ address: 'former' }), bad, [ADDRESS]],
		['a bad address, a bad prefix is new', bad, redis({ address: 'cache', keyPrefix: 'notes' }), [PREFIX]],
		['a bad prefix, address changed', notes, redis({ address: 'r:2', keyPrefix: 'notes' }), []],
		['a bad prefix, memory after', notes, redis({ keyPrefix: 'notes', provider: 'memory' }), []],
		['passwordRef without key, db changed', redis(withoutKey), redis({ ...withoutKey, db: 2, address: 'r:1' }), []],
		['passwordRef without key is new', {}, { sessionStorage: { ...REDIS, ...withoutKey } }, [KEY]],
		['no provider is new', {}, { sessionStorage: { keyPrefix: 'a:' } }, [PROVIDER]],
		['replicas -1, unchanged', { replicas: -1 }, { replicas: -1, image: 'new' }, []],
		['replicas -1, then -2', { replicas: -1 }, { replicas: -2 }, [NEGATIVE]],
		['replicas -1, no address is new', { replicas: -1 }, { replicas: -1, ...missing }, [CEL]],
	] as readonly [string, Json, Json, string[]][]) {
		it(`${title} › ${outcome(expected)}`, () => {
			for (const make of [mcpServer, virtualMcpServer, mcpRemoteProxy])
				expect(denials(update(make(after), make(before)))).to.deep.equal(expected);
		});
	}
});

describe('validate › other requests', () => {
	const bad = mcpServer({ replicas: -1, sessionStorage: { provider: 'redis' } });
	const resource = 'toolhive.stacklok.dev/mcpservers';
	for (const [title, asked] of [
		['DELETE', request(bad, { operation: 'DELETE' })],
		['a status', update(bad, mcpServer(), { resource: `${resource}/status` })],
		['another resource', request(bad, { resource: 'toolhive.stacklok.dev/mcpgroups' })],
		['an object of another kind', request({ ...bad, kind: 'MCPGroup' }, { resource })],
	] as const) {
		it(`${title} › allowed without warnings`, () => {
			expect(validated(asked, EMPTY_CLUSTER)).to.deep.equal({ allowed: true, patch: [], findings: [] });
		});
	}
});
