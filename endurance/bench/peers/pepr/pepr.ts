/** The same decisions as a Pepr module, as its documentation writes them. */
import { a, Capability, PeprModule } from 'pepr';
import cfg from './package.json';

/** What a watch of ToolHive's resources would have in memory. */
const SERVERS = new Map([['github', { replicas: 3, passwordRef: { name: 'redis', key: 'password' } }]]);

const scaling = new Capability({ name: 'toolhive-scaling', description: 'Replicas, grace period and password' });

scaling
	.When(a.Deployment)
	.IsCreated()
	.Mutate((request) => {
		const { metadata, spec } = request.Raw;
		const owner = metadata?.ownerReferences?.find(({ kind, name }) => kind === 'MCPServer' && name === metadata.name);
		const server = SERVERS.get(owner?.name ?? '');
		if (server === undefined || spec === undefined) return;
		request.SetAnnotation('toolhive-scaling/applied-replicas', String(server.replicas));
		spec.replicas = server.replicas;
		const pod = spec.template.spec;
		if (pod === undefined) return;
		pod.terminationGracePeriodSeconds = 60;
		for (const container of pod.containers.filter(({ name }) => name === 'toolhive')) {
			const password = { name: 'THV_SESSION_REDIS_PASSWORD', valueFrom: { secretKeyRef: server.passwordRef } };
			container.env = [...(container.env ?? []), password];
		}
	});

// Its own start always takes port 3000.
const peprModule = new PeprModule(cfg, [scaling], { deferStart: true });
if (process.env['PEPR_MODE'] !== 'build') peprModule.start(Number(process.env['PORT'] ?? 3000));
