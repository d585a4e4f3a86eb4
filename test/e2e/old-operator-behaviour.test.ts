/**
 * Checks that the replacement for ToolHive's operator v0.12.5 behaves like the real one. Other tests rely on this
 * behaviour.
 */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { serverManifest } from '../harness/namespace.ts';
import { named, needOldOperator } from '../harness/old-operator/need-old-operator.ts';
import type { ConfigMap, Deployment, ServerObject } from '../harness/old-operator/objects.ts';
import { checksumOf } from '../harness/old-operator/kinds.ts';

/** Contains characters that Go escapes in JSON. */
const SEARCH = {
	...{ image: 'ghcr.io/example/search-mcp:2.0.1', transport: 'streamable-http', proxyPort: 8080, mcpPort: 9000 },
	...{ sessionAffinity: 'None', args: ['--verbose'] },
	env: [{ name: 'API_BASE', value: 'https://api.example.com/v1?a=1&b=<2>' }],
	resourceOverrides: { proxyDeployment: { env: [{ name: 'EXTRA_TRACE', value: '1' }] } },
};
const FILES = {
	...{ image: 'ghcr.io/example/files-mcp:1.4.0', transport: 'stdio', proxyMode: 'streamable-http', proxyPort: 8080 },
};
const HUB = { incomingAuth: { type: 'anonymous' }, config: { groupRef: 'team-tools' } };
const CRM = {
	remoteURL: 'https://crm.example.com/mcp',
	transport: 'streamable-http',
	proxyPort: 8080,
	oidcConfig: { type: 'inline', inline: { issuer: 'https://idp.example.com', audience: 'crm' } },
};
const SCALING = {
	replicas: 3,
	sessionStorage: {
		...{ provider: 'redis', address: 'redis.demo.svc:6379', db: 0 },
		passwordRef: { name: 'redis', key: 'password' },
	},
};
const server = (kind: string, name: string, spec: object) => serverManifest(kind, name, spec, 'v1alpha1');

describe('old operator', function () {
	this.timeout(60_000);
	const { apply, get, kubectl, namespace, operator, patch, settle } = needOldOperator();

	for (const [kind, name, spec, config, checksum] of [
		['MCPServer', 'search', SEARCH, 'runconfig', '535b8ab9e7d1dadfc247f23cd39b53ce3e08140affef0613edba50c9c6fdd74c'],
		['MCPServer', 'files', FILES, 'runconfig', '7b7ed74105f1034f3f762cf4706552f18f53c727c1ae1a2256171317483340bd'],
		['VirtualMCPServer', 'hub', HUB, 'vmcp-config', 'bfb85b606a3616146f7b568dc3cb0dde6ada23eb9039baf78863ef8e04fbdf0f'],
		['MCPRemoteProxy', 'crm', CRM, 'runconfig', 'f9f13c6aa9dbe8a4bcbdee7a11cd73ca33c3e6f96df8a2f214ef97883ac88275'],
	] as const) {
		it(`${kind} ${name} with scaling fields › one replica, and the checksum of the real operator without them`, async () => {
			await apply(server(kind, name, { ...spec, ...SCALING }));
			await settle();
			const stored = await get<ConfigMap>('configmap', `${name}-${config}`);
			// The known checksum is for the namespace mcp-demo, because the text contains the name of the namespace.
			const data = Object.fromEntries(
				Object.entries(stored.data).map(([key, text]) => [key, text.replaceAll(namespace(), 'mcp-demo')]),
			);
			expect(checksumOf(data, stored.metadata.labels ?? {})).to.equal(checksum);
			expect((await get<Deployment>('deployment', name)).spec.replicas).to.equal(1);
			// The operator writes back only MCPServers, with the fields that it knows.
			const { spec: kept } = await get<ServerObject>(kind, name);
			if (kind === 'MCPServer') expect(kept).not.to.have.any.keys('replicas', 'sessionStorage');
			else expect(kept).to.deep.include(SCALING);
		});
	}

	it('MCPServer › the same order of writes as the real operator, then only the status, without a change', async () => {
		await apply(server('MCPServer', 'search', SEARCH));
		const passes: string[][] = [];
		for (let pass = 0; pass < 4; pass += 1) {
			const sentBefore = operator().writes.length;
			const requeue = await operator().reconcile('MCPServer', 'search');
			passes.push([...named(operator().writes.slice(sentBefore)), requeue ? 'again' : 'done']);
		}
		const idle = ['PUT mcpservers/status (no-op)', 'PUT mcpservers/status (no-op)'];
		const objects = ['serviceaccounts', 'serviceaccounts', 'configmaps', 'deployments'].map((one) => `POST ${one}`);
		expect(passes).to.deep.equal([
			['PUT mcpservers/status', 'PUT mcpservers', 'PUT mcpservers/status', ...objects, 'again'],
			[...idle, 'POST services', 'again'],
			[...idle, 'PUT mcpservers/status', 'done'],
			[...idle, 'done'],
		]);
	});

	const template = (change: object): object => ({ spec: { template: change } });
	for (const [title, change, isFought] of [
		['an annotation of the Deployment', { metadata: { annotations: { x: 'y' } } }, false],
		['a label of the Deployment', { metadata: { labels: { x: 'y' } } }, true],
		['an annotation of the template', template({ metadata: { annotations: { x: 'y' } } }), true],
		['a label of the template', template({ metadata: { labels: { x: 'y' } } }), false],
		['the grace period', template({ spec: { terminationGracePeriodSeconds: 60 } }), false],
		['the replica count', { spec: { replicas: 4 } }, false],
	] as const) {
		it(`another client changes ${title} › ${isFought ? 'reverted' : 'left alone'}`, async () => {
			await apply(server('MCPServer', 'search', SEARCH));
			await settle();
			await patch('deployment', 'search', change);
			expect(named((await settle()).writes).includes('PUT deployments')).to.equal(isFought);
		});
	}
	it('another client adds a variable, or changes the data of the RunConfig › reverted', async () => {
		await apply(server('MCPServer', 'search', SEARCH));
		await settle();
		const add = { op: 'add', path: '/spec/template/spec/containers/0/env/-', value: { name: 'X', value: 'y' } };
		await kubectl(['patch', 'deployment', 'search', '--type=json', '-p', JSON.stringify([add])]);
		await patch('configmap', 'search-runconfig', { data: { 'runconfig.json': '{}' } });
		expect(named((await settle()).writes)).to.include.members(['PUT deployments', 'PUT configmaps']);
	});
	it('stdio › scaled to 3 › 1 again; scaled to 0 › left alone', async () => {
		await apply(server('MCPServer', 'files', FILES));
		await settle();
		for (const [replicas, expected] of [
			[3, 1],
			[0, 0],
		]) {
			await kubectl(['scale', 'deployment', 'files', `--replicas=${replicas}`]);
			await settle();
			expect((await get<Deployment>('deployment', 'files')).spec.replicas).to.equal(expected);
		}
	});
	it('status › conditions from other clients are kept, and their other fields are removed', async () => {
		await apply(server('MCPServer', 'search', SEARCH));
		await settle();
		const live = await get<ServerObject>('mcpserver', 'search');
		const theirs = { type: 'StdioReplicaCapped', status: 'True', reason: 'Foreign', message: 'm' };
		const conditions = [...(live.status?.conditions ?? []), { ...theirs, lastTransitionTime: '2026-01-01T00:00:00Z' }];
		await patch('mcpserver', 'search', { status: { conditions, foreign: 'field' } }, '--subresource=status');
		await settle();
		const { status } = await get<ServerObject>('mcpserver', 'search');
		expect(status).to.not.have.property('foreign');
		expect(status?.conditions?.map(({ type }) => type)).to.deep.equal(['ImageValidated', 'StdioReplicaCapped']);
	});
});
