import { expect } from 'chai';
import type { Json, Server } from '../../../src/api/types.ts';
import { applyToPod, podServerRef } from '../../../src/objects/pod.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { decide } from '../../../src/policy/decide.ts';
import {
	frozen,
	mcpRemoteProxy,
	mcpServer,
	PASSWORD,
	PASSWORD_ENTRY,
	pod,
	REDIS,
	virtualMcpServer,
} from '../../harness/objects.ts';

const OWNERS: { it: string; object: Json; is: object | undefined }[] = [
	{ it: 'an MCPServer', object: pod(mcpServer()), is: { kind: 'MCPServer', namespace: 'demo', name: 'search' } },
	{
		it: 'a VirtualMCPServer',
		object: pod(virtualMcpServer()),
		is: { kind: 'VirtualMCPServer', namespace: 'demo', name: 'hub' },
	},
	{
		it: 'an MCPRemoteProxy',
		object: pod(mcpRemoteProxy()),
		is: { kind: 'MCPRemoteProxy', namespace: 'demo', name: 'crm' },
	},
	{ it: 'no labels', object: pod(mcpServer(), {}, { labels: undefined }), is: undefined },
	{ it: 'labels null', object: pod(mcpServer(), {}, { labels: null }), is: undefined },
	{
		it: 'another app',
		object: pod(mcpServer(), {}, { labels: { app: 'web', 'toolhive-name': 'search' } }),
		is: undefined,
	},
	{ it: 'no toolhive-name', object: pod(mcpServer(), {}, { labels: { app: 'mcpserver' } }), is: undefined },
	{
		it: 'labels that are members of Object',
		object: pod(mcpServer(), {}, { labels: JSON.parse('{"__proto__":"x","app":"constructor","toolhive-name":"a"}') }),
		is: undefined,
	},
	{
		it: 'a backend pod of a server that is called mcpserver',
		object: pod(
			mcpServer(),
			{},
			{ ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'mcpserver' }] },
		),
		is: undefined,
	},
];

describe('server of a proxy Pod', () => {
	for (const row of OWNERS) {
		it(`${row.it}: ${row.is === undefined ? 'none' : 'by its labels'}`, () => {
			expect(podServerRef(row.object, 'demo')).to.deep.equal(row.is);
		});
	}
});

describe('password variable of a proxy Pod', () => {
	const apply = (owner: Json, object: Json): Json => {
		const server = serverOf(owner) as Server;
		return applyToPod(frozen(object), server, decide(server));
	};
	const withPassword = mcpServer({ sessionStorage: { ...REDIS, passwordRef: PASSWORD } });
	it('is added, and only once', () => {
		const after = apply(withPassword, pod(withPassword));
		const [proxy] = (after['spec'] as { containers: { env: unknown[] }[] }).containers;
		expect(proxy?.env.at(-1)).to.deep.equal(PASSWORD_ENTRY);
		expect(apply(withPassword, after)).to.equal(after);
	});
	it('is not added without passwordRef', () => {
		const object = pod(mcpServer());
		expect(apply(mcpServer({ sessionStorage: REDIS }), object)).to.equal(object);
	});
	it('nothing else of the Pod is touched', () => {
		const object = pod(withPassword, { terminationGracePeriodSeconds: 5 });
		const after = apply(withPassword, object);
		expect(after['metadata']).to.equal(object['metadata']);
		expect((after['spec'] as Json)['terminationGracePeriodSeconds']).to.equal(5);
	});
	for (const spec of [undefined, null, 'x', {}, { containers: [] }]) {
		it(`a Pod with spec ${JSON.stringify(spec)} passes`, () => {
			const object = { ...pod(withPassword), spec };
			expect(apply(withPassword, object)).to.equal(object);
		});
	}
});
