/** The product beside an operator that has never heard of scaling: who wins, and does it ever get quiet. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { checksumOf } from '../../src/objects/config-map.ts';
import { serverManifest } from '../harness/namespace.ts';
import {
	createOldOperator,
	type Images,
	type OldOperator,
	type Summary,
} from '../harness/old-operator/old-operator.ts';
import { useProduct } from '../harness/use-product.ts';

const REDIS = {
	provider: 'redis',
	address: 'redis.mcp.svc:6379',
	db: 2,
	keyPrefix: 'thv:mine:',
	passwordRef: { name: 'redis-secret', key: 'password' },
};
const CHECKSUM = 'toolhive.stacklok.dev/content-checksum';
const TEMPLATE_CHECKSUM = 'toolhive.stacklok.dev/runconfig-checksum';

const SERVERS = [
	[
		...(['MCPServer', 'search', 'search-runconfig'] as const),
		{ transport: 'streamable-http', replicas: 3, backendReplicas: 2, sessionStorage: REDIS },
	],
	[
		...(['VirtualMCPServer', 'hub', 'hub-vmcp-config'] as const),
		{ incomingAuth: { type: 'anonymous' }, config: { groupRef: 'a' }, replicas: 3, sessionStorage: REDIS },
	],
	[
		...(['MCPRemoteProxy', 'crm', 'crm-runconfig'] as const),
		{ remoteURL: 'https://crm.example.com/mcp', replicas: 3, sessionStorage: REDIS },
	],
] as const;

describe('beside an old operator on a real API server', function () {
	this.timeout(90_000);
	const { namespace, plane } = useProduct('old');
	let operator: OldOperator | undefined;
	afterEach(async () => operator?.close());

	const start = (images: Partial<Images> = {}): OldOperator => {
		const { url, caFile, token } = plane();
		const ca = readFileSync(caFile, 'utf8');
		operator = createOldOperator({ url, ca, token: token('operator'), namespace: namespace.name, images });
		return operator;
	};
	const settle = async (one: OldOperator): Promise<Summary> => {
		const summary = await one.settle(30_000);
		expect(summary.errors).to.deep.equal([]);
		expect(summary.converged, 'the operator got quiet').to.equal(true);
		return summary;
	};

	for (const [kind, name, config, spec] of SERVERS) {
		it(`${kind} › everything is applied and stays, and no pod is rolled twice`, async () => {
			await namespace.create(serverManifest(kind, name, spec, 'v1alpha1'));
			const { idleWrites } = await settle(start());
			const server = await namespace.get(kind, name);
			expect(server['spec']).to.deep.include({ replicas: 3, sessionStorage: REDIS });

			const deployment = await namespace.get('deployment', name);
			const pod = deployment['spec'].template.spec;
			expect(deployment['spec'].replicas).to.equal(3);
			expect(deployment.metadata.generation).to.equal(1);
			expect(pod.terminationGracePeriodSeconds).to.equal(45);
			expect(pod.containers[0].lifecycle).to.deep.equal({ preStop: { sleep: { seconds: 5 } } });
			expect(pod.containers[0].env.at(-1)).to.deep.equal({
				name: 'THV_SESSION_REDIS_PASSWORD',
				valueFrom: { secretKeyRef: REDIS.passwordRef },
			});
			const configMap = await namespace.get('configmap', config);
			const checksum = configMap.metadata.annotations?.[CHECKSUM];
			expect(checksum).to.equal(checksumOf(configMap));
			expect(deployment['spec'].template.metadata.annotations[TEMPLATE_CHECKSUM]).to.equal(checksum);
			// It goes on trying to take our variable away; nothing that is stored changes by it.
			expect(idleWrites.every(({ changed }) => !changed)).to.equal(true);
		});
	}

	it('the server is updated › RunConfig and pods are changed once', async () => {
		const one = start();
		await settle(one);
		const before = await namespace.get('deployment', 'search');
		const patch = JSON.stringify({ spec: { args: ['--more'], sessionStorage: { db: 7 } } });
		await namespace.kubectl(['patch', 'mcpserver', 'search', '--type=merge', '-p', patch]);
		await settle(one);
		const configMap = await namespace.get('configmap', 'search-runconfig');
		expect(JSON.parse(configMap['data']['runconfig.json']).scaling_config.session_redis.db).to.equal(7);
		const after = await namespace.get('deployment', 'search');
		expect(after.metadata.generation).to.equal(before.metadata.generation + 1);
		expect(after['spec'].replicas).to.equal(3);
		expect(after['spec'].template.metadata.annotations[TEMPLATE_CHECKSUM]).to.equal(
			configMap.metadata.annotations?.[CHECKSUM],
		);
	});

	it('a vMCP image that reads sessionStorage › it gets it with the first write after its Deployment is known', async () => {
		const spec = { incomingAuth: { type: 'anonymous' }, config: { groupRef: 'a' }, sessionStorage: REDIS };
		await namespace.create(serverManifest('VirtualMCPServer', 'new', spec, 'v1alpha1'));
		const one = start({ vmcp: 'ghcr.io/stacklok/toolhive/vmcp:v0.16.0' });
		await settle(one);
		const patch = JSON.stringify({ spec: { config: { groupRef: 'b' } } });
		await namespace.kubectl(['patch', 'virtualmcpserver', 'new', '--type=merge', '-p', patch]);
		await settle(one);
		const configMap = await namespace.get('configmap', 'new-vmcp-config');
		expect(configMap['data']['config.yaml']).to.contain(
			"sessionStorage:\n    provider: redis\n    address: redis.mcp.svc:6379\n    db: 2\n    keyPrefix: 'thv:mine:'\n",
		);
	});
});

describe('beside an old operator, password on the pods', function () {
	this.timeout(90_000);
	const { namespace, plane } = useProduct('old-pod-mode', {
		overlay: 'manifests/overlays/pod-mode',
		flags: ['--password-env=pod'],
	});

	it('MCPServer › the operator finds no difference, and the pods have their password', async () => {
		const [kind, name, , spec] = SERVERS[0];
		await namespace.create(serverManifest(kind, name, spec, 'v1alpha1'));
		const { url, caFile, token } = plane();
		const ca = readFileSync(caFile, 'utf8');
		const operator = createOldOperator({ url, ca, token: token('operator'), namespace: namespace.name });
		const { requeued } = await operator.settle(30_000);
		await operator.close();
		expect(requeued).to.deep.equal([]);
		const { template } = (await namespace.get('deployment', name))['spec'];
		expect(JSON.stringify(template)).not.to.contain('THV_SESSION_REDIS_PASSWORD');
		// As the ReplicaSet controller would make it.
		const metadata = { generateName: `${name}-`, labels: template.metadata.labels };
		const podSpec = { ...template.spec, serviceAccountName: undefined, serviceAccount: undefined };
		const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: podSpec };
		const { stdout } = await namespace.kubectl(['create', '-f', '-', '-o', 'json'], pod);
		expect(JSON.parse(stdout).spec.containers[0].env.at(-1)).to.deep.equal({
			name: 'THV_SESSION_REDIS_PASSWORD',
			valueFrom: { secretKeyRef: REDIS.passwordRef },
		});
	});
});
