import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { mcpRemoteProxy, mcpServer, PASSWORD, REDIS, virtualMcpServer } from '../../harness/objects.ts';

const annotated = (annotations: unknown): Json => ({
	resourceOverrides: { proxyDeployment: { podTemplateMetadataOverrides: { annotations } } },
});

const SPECS: { it: string; object: Json; reads: object }[] = [
	{ it: 'nothing set', object: mcpServer(), reads: { stdio: false } },
	{
		it: 'zeros are values',
		object: mcpServer({ replicas: 0, backendReplicas: 0 }),
		reads: { stdio: false, replicas: 0, backendReplicas: 0 },
	},
	{ it: 'null is unset', object: mcpServer({ replicas: null, sessionStorage: null }), reads: { stdio: false } },
	{ it: 'a text is no count', object: mcpServer({ replicas: '3' }), reads: { stdio: false } },
	{ it: 'a fraction is no count', object: mcpServer({ replicas: 1.5 }), reads: { stdio: false } },
	{ it: 'below 0 is no count', object: mcpServer({ replicas: -1 }), reads: { stdio: false } },
	{ it: 'transport stdio', object: mcpServer({ transport: 'stdio' }), reads: { stdio: true } },
	{
		it: 'transport unset is stdio, as the CRD defaults it',
		object: mcpServer({ transport: undefined }),
		reads: { stdio: true },
	},
	{ it: 'transport sse', object: mcpServer({ transport: 'sse' }), reads: { stdio: false } },
	{ it: 'a VirtualMCPServer is never stdio', object: virtualMcpServer(), reads: { stdio: false } },
	{ it: 'an MCPRemoteProxy is never stdio', object: mcpRemoteProxy(), reads: { stdio: false } },
	{
		it: 'backendReplicas of a VirtualMCPServer mean nothing',
		object: virtualMcpServer({ backendReplicas: 3 }),
		reads: { stdio: false },
	},
	{
		it: 'sessionStorage in full',
		object: mcpServer({ sessionStorage: { ...REDIS, db: 0, keyPrefix: 'a:', passwordRef: PASSWORD } }),
		reads: { stdio: false, sessionStorage: { ...REDIS, db: 0, keyPrefix: 'a:', passwordRef: PASSWORD } },
	},
	{
		it: 'a passwordRef without key is none',
		object: mcpServer({ sessionStorage: { ...REDIS, passwordRef: { name: 'n' } } }),
		reads: { stdio: false, sessionStorage: REDIS },
	},
	{
		it: 'tls: only that it is there',
		object: mcpServer({ sessionStorage: { ...REDIS, tls: { insecureSkipVerify: true } } }),
		reads: { stdio: false, sessionStorage: { ...REDIS, tls: true } },
	},
	{
		it: 'the vMCP image of podTemplateSpec',
		object: virtualMcpServer({ podTemplateSpec: { spec: { containers: [{ name: 'vmcp', image: 'vmcp:v1.0.0' }] } } }),
		reads: { stdio: false, image: 'vmcp:v1.0.0' },
	},
	{
		it: 'sessionStorage in the config of a vMCP: only that it is there',
		object: virtualMcpServer({ config: { sessionStorage: { provider: 'redis', address: 'r:1' } } }),
		reads: { stdio: false, configSessionStorage: true },
	},
	{
		it: 'an empty sessionStorage in the config of a vMCP is none',
		object: virtualMcpServer({ config: { sessionStorage: {} } }),
		reads: { stdio: false },
	},
	{
		it: 'config of another kind means nothing',
		object: mcpServer({ config: { sessionStorage: { provider: 'redis' } } }),
		reads: { stdio: false },
	},
	{
		it: 'annotations of the proxy pods: only that they are there',
		object: mcpServer(annotated({ a: 'b' })),
		reads: { stdio: false, podAnnotations: true },
	},
	{ it: 'no annotations of the proxy pods', object: mcpServer(annotated({})), reads: { stdio: false } },
	{ it: 'annotations that are no mapping', object: mcpServer(annotated('x')), reads: { stdio: false } },
	{
		it: 'an MCPRemoteProxy is restarted with them, too',
		object: mcpRemoteProxy(annotated({ a: 'b' })),
		reads: { stdio: false },
	},
	{
		it: "a sidecar's image of podTemplateSpec is not it",
		object: virtualMcpServer({ podTemplateSpec: { spec: { containers: [{ name: 'side', image: 'side:v1.0.0' }] } } }),
		reads: { stdio: false },
	},
];

describe('serverOf', () => {
	for (const { it: title, object, reads } of SPECS) {
		it(title, () => {
			expect(serverOf(object)?.spec).to.deep.equal(reads);
		});
	}
	it('reads v1alpha1 and v1beta1 alike', () => {
		const alpha = { ...mcpServer({ replicas: 2 }), apiVersion: 'toolhive.stacklok.dev/v1alpha1' };
		expect(serverOf(alpha)).to.deep.equal(serverOf(mcpServer({ replicas: 2 })));
	});
	it('is not for other kinds and groups', () => {
		expect(serverOf({ ...mcpServer(), kind: 'MCPGroup' })).to.equal(undefined);
		expect(serverOf({ ...mcpServer(), apiVersion: 'example.com/v1' })).to.equal(undefined);
		expect(serverOf({})).to.equal(undefined);
	});
	it('takes the namespace of the request where the object has none', () => {
		expect(serverOf(mcpServer({}, { namespace: undefined }), 'asked')?.namespace).to.equal('asked');
	});

	const LISTS = [
		{ text: 'a, b', ids: ['a', 'b'] },
		{ text: ' a ,,b , ', ids: ['a', 'b'] },
		{ text: '', ids: [] },
		{ text: 7, ids: [] },
	];
	for (const { text, ids } of LISTS) {
		it(`annotation toolhive-scaling/ignore ${JSON.stringify(text)} names ${JSON.stringify(ids)}`, () => {
			const object = mcpServer({}, { annotations: { 'toolhive-scaling/ignore': text } });
			expect(serverOf(object)?.ignore).to.deep.equal(ids);
		});
	}
});
