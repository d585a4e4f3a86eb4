import { expect } from 'chai';
import type { Kind } from '../../../src/api/names.ts';
import type { ServerSpec } from '../../../src/api/types.ts';
import { runConfigOf } from '../../../src/policy/run-config.ts';
import { memory, passwordRef, server } from '../../harness/servers.ts';

const full = { provider: 'redis', address: 'redis.default.svc:6379', db: 2, keyPrefix: 'thv:' } as const;
const threeOf = { address: 'redis.default.svc:6379', db: 2, keyPrefix: 'thv:' };
const bare = { provider: 'redis', address: 'r:1' } as const;

interface Row {
	it: string;
	kind?: Kind;
	spec: Partial<ServerSpec>;
	gives: object;
}

const TABLE: Row[] = [
	{ it: 'backendReplicas unset: key absent', spec: { replicas: 3 }, gives: {} },
	{ it: 'backendReplicas 3: 3', spec: { backendReplicas: 3 }, gives: { backendReplicas: 3 } },
	{ it: 'backendReplicas 0: 0', spec: { backendReplicas: 0 }, gives: { backendReplicas: 0 } },
	{ it: 'sessionStorage unset: no Redis', spec: {}, gives: {} },
	{ it: 'memory: no Redis', spec: { sessionStorage: { ...memory, address: 'r:1', db: 1 } }, gives: {} },
	{ it: 'redis: address, db, prefix', spec: { sessionStorage: full }, gives: { redis: threeOf } },
	{
		it: 'with passwordRef: still only those',
		spec: { sessionStorage: { ...full, passwordRef } },
		gives: { redis: threeOf },
	},
	{
		it: 'empty address passes through',
		spec: { sessionStorage: { ...bare, address: '' } },
		gives: { redis: { address: '' } },
	},
	{ it: 'db 0 appears', spec: { sessionStorage: { ...bare, db: 0 } }, gives: { redis: { address: 'r:1', db: 0 } } },
	{ it: 'db unset turns into no number', spec: { sessionStorage: bare }, gives: { redis: { address: 'r:1' } } },
	{
		it: 'tls: no Redis from us, plaintext was not asked for',
		spec: { sessionStorage: { ...full, tls: true } },
		gives: {},
	},
	{ it: 'a VirtualMCPServer', kind: 'VirtualMCPServer', spec: { sessionStorage: full }, gives: { redis: threeOf } },
	{ it: 'an MCPRemoteProxy', kind: 'MCPRemoteProxy', spec: { sessionStorage: full }, gives: { redis: threeOf } },
];

describe('RunConfig fields', () => {
	for (const row of TABLE) {
		it(row.it, () => {
			expect(runConfigOf(server(row.spec, row.kind))).to.deep.equal(row.gives);
		});
	}
	it('hold an address of 5,000 characters', () => {
		const address = 'a'.repeat(5000);
		const { redis } = runConfigOf(server({ sessionStorage: { ...bare, address } }));
		expect(redis?.address).to.equal(address);
	});
});
