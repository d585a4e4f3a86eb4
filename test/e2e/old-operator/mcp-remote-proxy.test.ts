import { expect } from 'chai';
import { describe, it } from 'mocha';
import { checksumOf } from '../../harness/old-operator/config-map.ts';
import { needOldOperator, SCALING, server } from '../../harness/old-operator/need-old-operator.ts';
import type { ConfigMap, Deployment, ServerObject } from '../../harness/old-operator/objects.ts';

const CRM = {
	remoteURL: 'https://crm.example.com/mcp',
	transport: 'streamable-http',
	proxyPort: 8080,
	oidcConfig: { type: 'inline', inline: { issuer: 'https://idp.example.com', audience: 'crm' } },
};

describe('old operator: MCPRemoteProxy', function () {
	this.timeout(60_000);
	const { apply, get, namespace, operator, settle } = needOldOperator();

	it('has the checksum of the real operator, one replica, and keeps its scaling fields', async () => {
		await apply(server('MCPRemoteProxy', 'crm', { ...CRM, ...SCALING }));
		const { requeued } = await settle();
		expect(requeued).to.deep.equal([]);
		expect((await get<ServerObject>('mcpremoteproxy', 'crm')).spec).to.deep.equal({ ...CRM, ...SCALING });
		const { replicas, template } = (await get<Deployment>('deployment', 'crm')).spec;
		expect(replicas).to.equal(1);
		expect(template.spec.serviceAccountName).to.equal('crm-remote-proxy-runner');
		const config = await get<ConfigMap>('configmap', 'crm-runconfig');
		const { 'runconfig.json': json = '' } = config.data;
		expect(JSON.parse(json).oidc_config.ResourceURL).to.equal(`http://crm.${namespace()}.svc.cluster.local:8080`);
		// The known checksum is that of the namespace mcp-demo, whose name stands in the text.
		const data = { 'runconfig.json': json.replaceAll(namespace(), 'mcp-demo') };
		expect(checksumOf(data, config.metadata.labels ?? {}, {})).to.equal(
			'f9f13c6aa9dbe8a4bcbdee7a11cd73ca33c3e6f96df8a2f214ef97883ac88275',
		);
	});

	it('fails without remoteURL, says so in its status, and is tried again', async () => {
		await apply(server('MCPRemoteProxy', 'crm', { remoteUrl: 'https://spelled.by/a/newer/crd' }));
		const summary = await operator().settle(200);
		expect(summary.converged).to.equal(false);
		expect(summary.errors).to.deep.equal(['MCPRemoteProxy/crm: MCPRemoteProxy crm: remoteURL is required']);
		expect((await get<ServerObject>('mcpremoteproxy', 'crm')).status).to.include({ phase: 'Failed' });
	});
});
