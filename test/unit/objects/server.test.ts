import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { mcpRemoteProxy, mcpServer, REDIS, virtualMcpServer } from '../../harness/objects.ts';

const annotated = (annotations: unknown): Json => {
	return { resourceOverrides: { proxyDeployment: { podTemplateMetadataOverrides: { annotations } } } };
};
const withImage = (name: string): Json => {
	return { podTemplateSpec: { spec: { containers: [{ name, image: `${name}:v1.0.0` }] } } };
};
const stored = (sessionStorage: Json): Json => mcpServer({ sessionStorage });

/** `expected` lists the fields other than `stdio: false`. */
const SPECS: [title: string, object: Json, expected: Json][] = [
	['a fraction is not a replica count', mcpServer({ replicas: 1.5 }), {}],
	['a negative number is not a replica count', mcpServer({ replicas: -1 }), {}],
	['VirtualMCPServer › not stdio, no backendReplicas', virtualMcpServer({ backendReplicas: 3 }), {}],
	['MCPRemoteProxy with annotations of proxy pods', mcpRemoteProxy(annotated({ a: 'b' })), {}],
	['sessionStorage without provider', stored({ address: 'r:1' }), {}],
	['passwordRef without key', stored({ ...REDIS, passwordRef: { name: 'n' } }), { sessionStorage: REDIS }],
	['tls › only that it is set', stored({ ...REDIS, tls: { x: true } }), { sessionStorage: { ...REDIS, tls: true } }],
	["podTemplateSpec has a sidecar's image", virtualMcpServer(withImage('side')), {}],
	['empty sessionStorage in the config of a vMCP', virtualMcpServer({ config: { sessionStorage: {} } }), {}],
	['config of another kind', mcpServer({ config: { sessionStorage: { provider: 'redis' } } }), {}],
	['empty annotations of proxy pods', mcpServer(annotated({})), {}],
];

describe('server', () => {
	for (const [title, object, expected] of SPECS)
		it(title, () => expect(serverOf(object)?.spec).to.deep.equal({ stdio: false, ...expected }));
	it('another kind or group › not a server', () => {
		for (const other of [{ kind: 'MCPGroup' }, { apiVersion: 'example.com/v1' }])
			expect(serverOf({ ...mcpServer(), ...other })).to.equal(undefined);
	});
	it('no namespace › the namespace of the request', () => {
		expect(serverOf(mcpServer({}, { namespace: undefined }), 'requested')?.namespace).to.equal('requested');
	});
	for (const [ignore, ...expected] of [[' a ,,b , ', 'a', 'b'], [''], [7]]) {
		it(`annotation toolhive-scaling/ignore ${JSON.stringify(ignore)} › ${JSON.stringify(expected)}`, () => {
			const object = mcpServer({}, { annotations: { 'toolhive-scaling/ignore': ignore } });
			expect(serverOf(object)?.ignore).to.deep.equal(expected);
		});
	}
});
