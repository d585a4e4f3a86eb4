import { expect } from 'chai';
import { passwordEnvOf } from '../../../src/policy/redis-password.ts';
import { memory, passwordRef, redis, server } from '../../harness/servers.ts';
import { describeWarning } from '../../harness/warning-rows.ts';

const ENTRY = {
	name: 'THV_SESSION_REDIS_PASSWORD',
	valueFrom: { secretKeyRef: { name: 'redis-auth', key: 'password-key' } },
};
const TABLE = [
	{ it: 'redis with passwordRef', sessionStorage: { ...redis, passwordRef }, env: ENTRY },
	{ it: 'redis without passwordRef', sessionStorage: redis, env: undefined },
	{ it: 'memory with passwordRef', sessionStorage: { ...memory, passwordRef }, env: undefined },
	{ it: 'sessionStorage unset', sessionStorage: undefined, env: undefined },
];

describe('password variable', () => {
	for (const { it: title, sessionStorage, env } of TABLE) {
		it(`${title}: ${env === undefined ? 'none' : 'a reference, and no value'}`, () => {
			expect(passwordEnvOf(server(sessionStorage && { sessionStorage }))).to.deep.equal(env);
		});
	}
});

describeWarning('password-without-redis', 'spec.sessionStorage.passwordRef', {
	speaks: [{ it: 'memory with passwordRef', spec: { sessionStorage: { ...memory, passwordRef } } }],
	silent: [
		{ it: 'redis with passwordRef', spec: { sessionStorage: { ...redis, passwordRef } } },
		{ it: 'memory without', spec: { sessionStorage: memory } },
		{ it: 'sessionStorage unset', spec: {} },
	],
});

describeWarning('redis-without-password', 'spec.sessionStorage', {
	speaks: [
		{ it: 'redis without passwordRef', spec: { sessionStorage: redis } },
		{ it: 'a VirtualMCPServer', kind: 'VirtualMCPServer', spec: { sessionStorage: redis } },
	],
	silent: [
		{ it: 'redis with passwordRef', spec: { sessionStorage: { ...redis, passwordRef } } },
		{ it: 'memory', spec: { sessionStorage: memory } },
		{ it: 'sessionStorage unset', spec: {} },
	],
});
