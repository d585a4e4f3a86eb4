import { expect } from 'chai';
import type { Json, Server } from '../../../src/api/types.ts';
import { valueAt } from '../../../src/objects/metadata.ts';
import { applyToPod, podServerRef } from '../../../src/objects/pod.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { decide } from '../../../src/policy/decide.ts';
import {
	container,
	frozen,
	mcpRemoteProxy,
	mcpServer,
	PASSWORD_ENTRY,
	pod,
	REDIS,
	virtualMcpServer,
	WITH_PASSWORD,
} from '../../harness/objects.ts';

const OWNER = mcpServer(WITH_PASSWORD);
const MEMBERS_OF_OBJECT = JSON.parse('{"__proto__":"x","app":"constructor","toolhive-name":"a"}');
const ref = (kind: string, name: string): Json => ({ kind, namespace: 'demo', name });
const labelled = (labels: unknown): Json => pod(mcpServer(), {}, { labels });

const SERVERS: [title: string, object: Json, expected?: Json][] = [
	['MCPServer', pod(mcpServer()), ref('MCPServer', 'search')],
	['VirtualMCPServer', pod(virtualMcpServer()), ref('VirtualMCPServer', 'hub')],
	['MCPRemoteProxy', pod(mcpRemoteProxy()), ref('MCPRemoteProxy', 'crm')],
	['no labels', labelled(undefined)],
	['another app', labelled({ app: 'web', 'toolhive-name': 'search' })],
	['no toolhive-name', labelled({ app: 'mcpserver' })],
	['labels that are members of Object', labelled(MEMBERS_OF_OBJECT)],
	[
		'a backend pod of a server with the name mcpserver',
		pod(mcpServer(), {}, { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'mcpserver' }] }),
	],
];

describe('pod › its server by labels', () => {
	for (const [title, object, expected] of SERVERS) {
		it(`${title}${expected === undefined ? ' › none' : ''}`, () => {
			expect(podServerRef(object, 'demo')).to.deep.equal(expected);
		});
	}
});

describe('pod › the password variable', () => {
	const apply = (owner: Json, object: Json): Json => {
		const server = serverOf(owner) as Server;
		return applyToPod(frozen(object), server, decide(server));
	};
	it('with passwordRef › only the variable is added, and only once', () => {
		const object = pod(OWNER, { terminationGracePeriodSeconds: 5 });
		const after = apply(OWNER, object);
		const env = [...(container(OWNER)['env'] as Json[]), PASSWORD_ENTRY];
		const containers = [{ ...container(OWNER), env }];
		expect(after).to.deep.equal({ ...object, spec: { ...(object['spec'] as Json), containers } });
		expect(valueAt(after, ['metadata'])).to.equal(object['metadata']);
		expect(apply(OWNER, after)).to.equal(after);
	});
	it('without passwordRef › unchanged', () => {
		const object = pod(mcpServer());
		expect(apply(mcpServer({ sessionStorage: REDIS }), object)).to.equal(object);
	});
	for (const spec of [undefined, null, 'x', {}, { containers: [] }]) {
		it(`spec ${JSON.stringify(spec)} › unchanged`, () => {
			const object = { ...pod(OWNER), spec };
			expect(apply(OWNER, object)).to.equal(object);
		});
	}
});
