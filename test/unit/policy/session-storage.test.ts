import { expect } from 'chai';
import type { Autoscaler } from '../../../src/api/types.ts';
import { redisOf } from '../../../src/policy/session-storage.ts';
import { hpa, hpaOf, memory, redis, server } from '../../harness/servers.ts';
import { describeWarning } from '../../harness/warning-rows.ts';

const { maxReplicas: _unset, ...withoutMaximum } = (hpa.autoscalers ?? [])[0] as Autoscaler;

describe('redisOf: what "provider is redis" means', () => {
	it('sessionStorage unset is none', () => {
		expect(redisOf(server())).to.equal(undefined);
	});
	it('memory is none', () => {
		expect(redisOf(server({ sessionStorage: { ...memory, address: 'redis:6379' } }))).to.equal(undefined);
	});
	it('redis is the storage itself', () => {
		expect(redisOf(server({ sessionStorage: redis }))).to.equal(redis);
	});
});

describeWarning('session-storage-missing', 'spec.sessionStorage', {
	speaks: [
		{ it: '2 without sessionStorage', spec: { replicas: 2 } },
		{ it: '2 with memory', spec: { replicas: 2, sessionStorage: memory } },
		{ it: 'stdio with 2: what was asked counts', spec: { stdio: true, replicas: 2 } },
		{ it: 'a VirtualMCPServer', kind: 'VirtualMCPServer', spec: { replicas: 2 } },
		{ it: 'an MCPRemoteProxy', kind: 'MCPRemoteProxy', spec: { replicas: 2 } },
		{ it: 'an HPA up to 6', spec: {}, around: hpa, says: '6 replicas by HorizontalPodAutoscaler search-hpa' },
		{ it: 'replicas 1 and an HPA', spec: { replicas: 1 }, around: hpa, says: 'HorizontalPodAutoscaler' },
		{ it: 'replicas 2 and an HPA: the count that is set', spec: { replicas: 2 }, around: hpa, says: 'replicas > 1' },
		{ it: 'a ScaledObject', spec: {}, around: hpaOf({ kind: 'ScaledObject' }), says: 'ScaledObject search-hpa' },
		{ it: 'an HPA of a VirtualMCPServer', kind: 'VirtualMCPServer', spec: {}, around: hpa },
		{
			it: 'an HPA with the largest count and a name of 253 characters',
			spec: {},
			around: hpaOf({ maxReplicas: 2 ** 31 - 1, name: 'h'.repeat(253) }),
			says: 'HorizontalPodAutoscaler h',
		},
	],
	silent: [
		{ it: '2 with redis', spec: { replicas: 2, sessionStorage: redis } },
		{ it: '1 without', spec: { replicas: 1 } },
		{ it: '0 without', spec: { replicas: 0 } },
		{ it: 'unset without', spec: {} },
		{ it: 'only the backend is split', spec: { backendReplicas: 2 } },
		{ it: 'an HPA and redis', spec: { sessionStorage: redis }, around: hpa },
		{ it: 'an HPA up to 1', spec: {}, around: hpaOf({ maxReplicas: 1 }) },
		{ it: 'an HPA without a maximum', spec: {}, around: { autoscalers: [withoutMaximum] } },
		{ it: 'an HPA of the StatefulSet', spec: {}, around: hpaOf({ targetKind: 'StatefulSet' }) },
		{ it: 'an HPA of a stdio server, which is held at 1', spec: { stdio: true }, around: hpa },
	],
});

describeWarning('backend-session-storage-missing', 'spec.sessionStorage', {
	speaks: [
		{ it: '2 backends without sessionStorage', spec: { backendReplicas: 2 } },
		{ it: '2 backends with memory', spec: { backendReplicas: 2, sessionStorage: memory } },
	],
	silent: [
		{ it: '2 backends with redis', spec: { backendReplicas: 2, sessionStorage: redis } },
		{ it: '1 backend', spec: { backendReplicas: 1 } },
		{ it: '0 backends', spec: { backendReplicas: 0 } },
		{ it: 'unset', spec: { replicas: 3 } },
	],
});

describeWarning('session-affinity-none-without-redis', 'spec.sessionAffinity', {
	speaks: [
		{ it: '2, None, no storage', spec: { replicas: 2, sessionAffinity: 'None' } },
		{ it: '2, None, memory', spec: { replicas: 2, sessionAffinity: 'None', sessionStorage: memory } },
		{ it: 'an HPA, None', spec: { sessionAffinity: 'None' }, around: hpa, says: 'HorizontalPodAutoscaler search-hpa' },
		{
			it: 'a ScaledObject with a name of 253 characters, None',
			spec: { sessionAffinity: 'None' },
			around: hpaOf({ kind: 'ScaledObject', name: 's'.repeat(253) }),
			says: 'ScaledObject s',
		},
	],
	silent: [
		{ it: 'redis', spec: { replicas: 2, sessionAffinity: 'None', sessionStorage: redis } },
		{ it: 'ClientIP', spec: { replicas: 2, sessionAffinity: 'ClientIP' } },
		{ it: 'affinity unset: the default is ClientIP', spec: { replicas: 2 } },
		{ it: '1 replica', spec: { replicas: 1, sessionAffinity: 'None' } },
		{ it: 'replicas unset', spec: { sessionAffinity: 'None' } },
		{ it: 'an HPA and ClientIP', spec: { sessionAffinity: 'ClientIP' }, around: hpa },
		{ it: 'an HPA up to 1', spec: { sessionAffinity: 'None' }, around: hpaOf({ maxReplicas: 1 }) },
		{ it: 'an HPA and redis', spec: { sessionAffinity: 'None', sessionStorage: redis }, around: hpa },
		{
			it: 'an HPA, None › a stdio server › it is held at 1',
			spec: { stdio: true, sessionAffinity: 'None' },
			around: hpa,
		},
	],
});

describeWarning('config-session-storage-ignored', 'spec.config.sessionStorage', {
	speaks: [
		{ it: 'only in config', kind: 'VirtualMCPServer', spec: { configSessionStorage: true } },
		{ it: 'also with replicas', kind: 'VirtualMCPServer', spec: { configSessionStorage: true, replicas: 2 } },
	],
	silent: [
		{
			it: 'in both places: the operator writes one from the other',
			kind: 'VirtualMCPServer',
			spec: { configSessionStorage: true, sessionStorage: redis },
		},
		{ it: 'in neither', kind: 'VirtualMCPServer', spec: {} },
	],
});
