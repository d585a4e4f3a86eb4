import { expect } from 'chai';
import { redisOf } from '../../src/policy/session-storage.ts';
import { memory, redis, server } from './build.ts';
import { describeWarning } from './warning-rows.ts';

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
	],
	silent: [
		{ it: '2 with redis', spec: { replicas: 2, sessionStorage: redis } },
		{ it: '1 without', spec: { replicas: 1 } },
		{ it: '0 without', spec: { replicas: 0 } },
		{ it: 'unset without', spec: {} },
		{ it: 'only the backend is split', spec: { backendReplicas: 2 } },
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
	],
	silent: [
		{ it: 'redis', spec: { replicas: 2, sessionAffinity: 'None', sessionStorage: redis } },
		{ it: 'ClientIP', spec: { replicas: 2, sessionAffinity: 'ClientIP' } },
		{ it: 'affinity unset: the default is ClientIP', spec: { replicas: 2 } },
		{ it: '1 replica', spec: { replicas: 1, sessionAffinity: 'None' } },
		{ it: 'replicas unset', spec: { sessionAffinity: 'None' } },
	],
});
