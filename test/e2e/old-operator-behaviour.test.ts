/**
 * Checks that the replacement for ToolHive's operator v0.12.5 behaves like the real one. Other tests rely on this
 * behaviour.
 */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { checksumOf } from '../harness/old-operator/config-map.ts';
import { named, needOldOperator, SCALING, SEARCH, server } from '../harness/old-operator/need-old-operator.ts';
import type { ConfigMap, Deployment, ServerObject } from '../harness/old-operator/objects.ts';
import type { Kind } from '../harness/old-operator/old-operator.ts';

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

describe('old operator', function () {
	this.timeout(60_000);
	const { apply, get, kubectl, namespace, operator, settle } = needOldOperator();

	for (const [kind, name, spec, config, checksum] of [
		['MCPServer', 'search', SEARCH, 'runconfig', '535b8ab9e7d1dadfc247f23cd39b53ce3e08140affef0613edba50c9c6fdd74c'],
		['MCPServer', 'files', FILES, 'runconfig', '7b7ed74105f1034f3f762cf4706552f18f53c727c1ae1a2256171317483340bd'],
		['VirtualMCPServer', 'hub', HUB, 'vmcp-config', 'bfb85b606a3616146f7b568dc3cb0dde6ada23eb9039baf78863ef8e04fbdf0f'],
		['MCPRemoteProxy', 'crm', CRM, 'runconfig', 'f9f13c6aa9dbe8a4bcbdee7a11cd73ca33c3e6f96df8a2f214ef97883ac88275'],
	] as const satisfies readonly (readonly [Kind, string, object, string, string])[]) {
		it(`${kind} ${name} with scaling fields › one replica, and the checksum of the real operator without them`, async () => {
			await apply(server(kind, name, { ...spec, ...SCALING }));
			await settle();
			const stored = await get<ConfigMap>('configmap', `${name}-${config}`);
			// The known checksum is for the namespace mcp-demo, because the text contains the name of the namespace.
			const data = Object.fromEntries(
				Object.entries(stored.data).map(([key, text]) => [key, text.replaceAll(namespace(), 'mcp-demo')]),
			);
			expect(checksumOf(data, stored.metadata.labels ?? {}, {})).to.equal(checksum);
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
			const { requeue } = await operator().reconcile('MCPServer', 'search');
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
	const noted = { metadata: { annotations: { x: 'y' } } };
	const labelled = { metadata: { labels: { x: 'y' } } };
	it('another client changes an object › the operator reverts only some changes', async () => {
		await apply(server('MCPServer', 'search', SEARCH));
		await settle();
		for (const [title, name, change, isReverted] of [
			['an annotation of the Deployment', 'deployment/search', noted, false],
			['a label of the Deployment', 'deployment/search', labelled, true],
			['an annotation of the template', 'deployment/search', template(noted), true],
			['a label of the template', 'deployment/search', template(labelled), false],
			['the grace period', 'deployment/search', template({ spec: { terminationGracePeriodSeconds: 60 } }), false],
			['the replica count', 'deployment/search', { spec: { replicas: 4 } }, false],
			['the data of the RunConfig', 'configmap/search-runconfig', { data: { 'runconfig.json': '{}' } }, true],
		] as const) {
			await kubectl(['patch', name, '--type=merge', '-p', JSON.stringify(change)]);
			const writes = named((await settle()).writes);
			expect(writes.includes(`PUT ${name.split('/')[0]}s`), title).to.equal(isReverted);
		}
		const add = { op: 'add', path: '/spec/template/spec/containers/0/env/-', value: { name: 'X', value: 'y' } };
		await kubectl(['patch', 'deployment', 'search', '--type=json', '-p', JSON.stringify([add])]);
		expect(named((await settle()).writes)).to.include('PUT deployments');
	});
});
