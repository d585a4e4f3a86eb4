/**
 * Checks that the replacement for ToolHive's operator v0.12.5 behaves like the real one. Other tests rely on this
 * behaviour.
 */
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { serverManifest, useNamespace } from '../harness/namespace.ts';
import type { Write } from '../harness/old-operator/client.ts';
import { checksumOf } from '../harness/old-operator/kinds.ts';
import { createOldOperator, type OldOperator } from '../harness/old-operator/old-operator.ts';
import { REDIS } from '../harness/operator-writes.ts';
import { applyCrds, mustSucceed } from '../harness/product.ts';

/** Scaling fields that operator v0.12.5 does not support. */
const SCALING = { replicas: 3, sessionStorage: { ...REDIS, db: 0 } };
/** The spec of a streamable-http MCPServer with characters that Go escapes in JSON. */
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
	...{ remoteURL: 'https://crm.example.com/mcp', transport: 'streamable-http', proxyPort: 8080 },
	oidcConfig: { type: 'inline', inline: { issuer: 'https://idp.example.com', audience: 'crm' } },
};

/** Returns one string per write, such as `PUT deployments`, with `(no-op)` if the stored object did not change. */
const named = (writes: readonly Write[]): string[] =>
	writes.map(({ verb, resource, changed }) => `${verb} ${resource}${changed ? '' : ' (no-op)'}`);

describe('old operator', function () {
	this.timeout(60_000);
	const plane = needControlPlane();
	// The checksums are for this namespace, because the configurations contain its name.
	const namespace = useNamespace(plane, 'mcp-demo');
	let operator: OldOperator;
	before('CRDs and operator', async () => {
		await applyCrds(plane());
		operator = createOldOperator(plane(), namespace.name);
	});
	after('operator', () => operator?.close());
	const apply = (kind: string, name: string, spec: object) =>
		mustSucceed(namespace.kubectl(['apply', '--server-side', '-f', '-'], serverManifest(kind, name, spec, 'v1alpha1')));
	const settle = async (): Promise<string[]> => {
		const { errors, converged, writes } = await operator.settle(10_000);
		expect({ errors, converged }).to.deep.equal({ errors: [], converged: true });
		return named(writes);
	};

	it('MCPServer › the same order of writes as the real operator, then only the status, without a change', async () => {
		await apply('MCPServer', 'ordered', SEARCH);
		const passes: string[][] = [];
		for (let pass = 0; pass < 4; pass += 1) {
			const sentBefore = operator.writes.length;
			const requeue = await operator.reconcile('MCPServer', 'ordered');
			passes.push([...named(operator.writes.slice(sentBefore)), requeue ? 'again' : 'done']);
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

	// The checksums are those that the real operator v0.12.5 wrote for these servers.
	for (const [kind, name, spec, config, checksum] of [
		['MCPServer', 'search', SEARCH, 'runconfig', '535b8ab9e7d1dadfc247f23cd39b53ce3e08140affef0613edba50c9c6fdd74c'],
		['MCPServer', 'files', FILES, 'runconfig', '7b7ed74105f1034f3f762cf4706552f18f53c727c1ae1a2256171317483340bd'],
		['VirtualMCPServer', 'hub', HUB, 'vmcp-config', 'bfb85b606a3616146f7b568dc3cb0dde6ada23eb9039baf78863ef8e04fbdf0f'],
		['MCPRemoteProxy', 'crm', CRM, 'runconfig', 'f9f13c6aa9dbe8a4bcbdee7a11cd73ca33c3e6f96df8a2f214ef97883ac88275'],
	] as const) {
		it(`${kind} ${name} with scaling fields › one replica, and the checksum of the real operator without them`, async () => {
			await apply(kind, name, { ...spec, ...SCALING });
			await settle();
			const { data, metadata } = await namespace.get('configmap', `${name}-${config}`);
			const { labels } = metadata as { labels?: Readonly<Record<string, string>> };
			expect(checksumOf(data, labels ?? {})).to.equal(checksum);
			expect((await namespace.get('deployment', name))['spec'].replicas).to.equal(1);
			// The operator writes back only MCPServers, with the fields that it knows.
			const { spec: kept } = await namespace.get(kind, name);
			if (kind === 'MCPServer') expect(kept).not.to.have.any.keys('replicas', 'sessionStorage');
			else expect(kept).to.deep.include(SCALING);
		});
	}

	it('another client changes an object › the operator reverts only some changes', async () => {
		const template = (change: object): object => ({ spec: { template: change } });
		const noted = { metadata: { annotations: { x: 'y' } } };
		const labelled = { metadata: { labels: { x: 'y' } } };
		for (const [title, name, change, isReverted] of [
			['an annotation of the Deployment', 'deployment/search', noted, false],
			['a label of the Deployment', 'deployment/search', labelled, true],
			['an annotation of the template', 'deployment/search', template(noted), true],
			['a label of the template', 'deployment/search', template(labelled), false],
			['the grace period', 'deployment/search', template({ spec: { terminationGracePeriodSeconds: 60 } }), false],
			['the replica count', 'deployment/search', { spec: { replicas: 4 } }, false],
			['the replica count of stdio', 'deployment/files', { spec: { replicas: 3 } }, true],
			['the data of the RunConfig', 'configmap/search-runconfig', { data: { 'runconfig.json': '{}' } }, true],
		] as const) {
			await mustSucceed(namespace.kubectl(['patch', name, '--type=merge', '-p', JSON.stringify(change)]));
			expect((await settle()).includes(`PUT ${name.split('/')[0]}s`), title).to.equal(isReverted);
		}
		const add = { op: 'add', path: '/spec/template/spec/containers/0/env/-', value: { name: 'X', value: 'y' } };
		const args = ['patch', 'deployment', 'search', '--type=json', '-p', JSON.stringify([add])];
		await mustSucceed(namespace.kubectl(args));
		expect(await settle()).to.include('PUT deployments');
	});
});
