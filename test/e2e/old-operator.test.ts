/**
 * The product together with an operator that does not support scaling: which fields are kept, and whether the writes
 * stop.
 */
import { expect } from 'chai';
import { checksumOf } from '../../src/objects/config-map.ts';
import type { ControlPlane } from '../harness/control-plane/start.ts';
import { serverManifest } from '../harness/namespace.ts';
import { createOldOperator, type Summary } from '../harness/old-operator/old-operator.ts';
import { useProduct } from '../harness/use-product.ts';

const REDIS = {
	...{ provider: 'redis', address: 'redis.mcp.svc:6379', db: 2, keyPrefix: 'thv:mine:' },
	passwordRef: { name: 'redis-secret', key: 'password' },
};
const PASSWORD = { name: 'THV_SESSION_REDIS_PASSWORD', valueFrom: { secretKeyRef: REDIS.passwordRef } };
const CHECKSUM = 'toolhive.stacklok.dev/content-checksum';
const TEMPLATE_CHECKSUM = 'toolhive.stacklok.dev/runconfig-checksum';
const SCALING = { replicas: 3, sessionStorage: REDIS };

const SERVERS = [
	['MCPServer', 'search', 'search-runconfig', { transport: 'streamable-http', backendReplicas: 2 }],
	['VirtualMCPServer', 'hub', 'hub-vmcp-config', { incomingAuth: { type: 'anonymous' }, config: { groupRef: 'a' } }],
	['MCPRemoteProxy', 'crm', 'crm-runconfig', { remoteURL: 'https://crm.example.com/mcp' }],
] as const;

/** Runs the operator until it has nothing to do. */
async function settle(plane: ControlPlane, namespace: string): Promise<Summary> {
	const operator = createOldOperator(plane, namespace);
	const summary = await operator.settle(30_000);
	operator.close();
	expect(summary).to.deep.include({ errors: [], converged: true });
	return summary;
}

describe('with an old operator on a real API server', function () {
	this.timeout(90_000);
	const { namespace, plane } = useProduct('old');

	for (const [kind, name, config, spec] of SERVERS) {
		it(`${kind} › every scaling field is applied and stays, and the pods are rolled out once`, async () => {
			await namespace.create(serverManifest(kind, name, { ...spec, ...SCALING }, 'v1alpha1'));
			const { idleWrites } = await settle(plane(), namespace.name);
			expect((await namespace.get(kind, name))['spec']).to.deep.include(SCALING);

			const deployment = await namespace.get('deployment', name);
			const pod = deployment['spec'].template.spec;
			expect(deployment['spec'].replicas).to.equal(3);
			expect(deployment.metadata.generation).to.equal(1);
			expect(pod.terminationGracePeriodSeconds).to.equal(45);
			expect(pod.containers[0].lifecycle).to.deep.equal({ preStop: { sleep: { seconds: 5 } } });
			expect(pod.containers[0].env.at(-1)).to.deep.equal(PASSWORD);
			const configMap = await namespace.get('configmap', config);
			const checksum = configMap.metadata.annotations?.[CHECKSUM];
			expect(checksum).to.equal(checksumOf(configMap));
			expect(deployment['spec'].template.metadata.annotations[TEMPLATE_CHECKSUM]).to.equal(checksum);
			// The operator keeps sending the Deployment without the variable, but the stored object does not change.
			expect(idleWrites.every(({ changed }) => !changed)).to.equal(true);
		});
	}

	it('the server is updated › RunConfig and pods change once', async () => {
		await settle(plane(), namespace.name);
		const before = await namespace.get('deployment', 'search');
		const patch = JSON.stringify({ spec: { args: ['--more'], sessionStorage: { db: 7 } } });
		await namespace.kubectl(['patch', 'mcpserver', 'search', '--type=merge', '-p', patch]);
		await settle(plane(), namespace.name);
		const { data, metadata } = await namespace.get('configmap', 'search-runconfig');
		expect(JSON.parse(data['runconfig.json']).scaling_config.session_redis.db).to.equal(7);
		const after = await namespace.get('deployment', 'search');
		expect(after.metadata.generation).to.equal(before.metadata.generation + 1);
		expect(after['spec'].replicas).to.equal(3);
		expect(after['spec'].template.metadata.annotations[TEMPLATE_CHECKSUM]).to.equal(metadata.annotations?.[CHECKSUM]);
	});
});

describe('with an old operator, password on the pods', function () {
	this.timeout(90_000);
	const { namespace, plane } = useProduct('old-pod-mode', {
		overlay: 'manifests/overlays/pod-mode',
		flags: ['--password-env=pod'],
	});

	it('MCPServer › the operator finds no difference, and stops its PUTs', async () => {
		const [[kind, name, , spec]] = SERVERS;
		await namespace.create(serverManifest(kind, name, { ...spec, ...SCALING }, 'v1alpha1'));
		expect((await settle(plane(), namespace.name)).requeued).to.deep.equal([]);
	});
});
