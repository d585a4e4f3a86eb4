import { expect } from 'chai';
import { describe, it } from 'mocha';
import { named, needOldOperator, SCALING, server } from '../../harness/old-operator/need-old-operator.ts';
import type { ConfigMap, Deployment, ServerObject } from '../../harness/old-operator/objects.ts';

const HUB = { incomingAuth: { type: 'anonymous' }, config: { groupRef: 'team-tools' } };

describe('old operator: VirtualMCPServer', function () {
	this.timeout(60_000);
	const { apply, get, operator, patch, settle } = needOldOperator();

	it('keeps its scaling fields, and none of them arrives', async () => {
		await apply(server('VirtualMCPServer', 'hub', { ...HUB, ...SCALING }));
		const { idleWrites, requeued } = await settle();
		expect(idleWrites).to.deep.equal([]);
		expect(requeued).to.deep.equal([]);
		expect((await get<ServerObject>('virtualmcpserver', 'hub')).spec).to.deep.equal({ ...HUB, ...SCALING });
		expect((await get<Deployment>('deployment', 'hub')).spec.replicas).to.equal(1);
		const config = await get<ConfigMap>('configmap', 'hub-vmcp-config');
		expect(config.metadata.annotations).to.deep.equal({
			'toolhive.stacklok.dev/content-checksum': 'bfb85b606a3616146f7b568dc3cb0dde6ada23eb9039baf78863ef8e04fbdf0f',
		});
	});

	it('drops sessionStorage under spec.config: its type has none', async () => {
		const config = { ...HUB.config, sessionStorage: { provider: 'redis', address: 'r:1' } };
		await apply(server('VirtualMCPServer', 'hub', { ...HUB, config }));
		await settle();
		const { data } = await get<ConfigMap>('configmap', 'hub-vmcp-config');
		expect(data['config.yaml']).to.contain('groupRef: team-tools').and.not.contain('sessionStorage');
	});

	it('accepts a foreign label of the Deployment, and fights for the one of the template without asking to come back', async () => {
		await apply(server('VirtualMCPServer', 'hub', HUB));
		await settle();
		await patch('deployment', 'hub', { metadata: { labels: { x: 'y' } } });
		expect((await settle()).writes).to.deep.equal([]);
		await patch('deployment', 'hub', { spec: { template: { metadata: { labels: { x: 'y' } } } } });
		const sentBefore = operator().writes.length;
		expect(await operator().reconcile('VirtualMCPServer', 'hub')).to.deep.equal({ requeue: false });
		expect(named(operator().writes.slice(sentBefore))).to.deep.equal(['PUT deployments']);
	});
});
