/** Proxy Deployments on a real API server: created, updated and scaled. */
import { expect } from 'chai';
import { eventually } from '../harness/eventually.ts';
import { type Stored, serverManifest } from '../harness/namespace.ts';
import { type Owner, proxyDeployment, REDIS } from '../harness/operator-writes.ts';
import { mustSucceed } from '../harness/product.ts';
import { useProduct } from '../harness/use-product.ts';

const PASSWORD = { name: 'THV_SESSION_REDIS_PASSWORD', valueFrom: { secretKeyRef: REDIS.passwordRef } };

describe('proxy Deployments on a real API server', function () {
	this.timeout(60_000);
	const { namespace, plane } = useProduct('proxies');

	const server = async (kind: string, name: string, spec: object, version?: string): Promise<Owner> => {
		const { metadata } = await namespace.create(serverManifest(kind, name, spec, version));
		return { kind, name, namespace: namespace.name, uid: metadata.uid };
	};
	const podSpec = (deployment: Stored) => deployment['spec'].template.spec;
	const replicasOf = async (name: string): Promise<number> =>
		(await namespace.get('deployment', name))['spec'].replicas;

	for (const [kind, version] of [
		['MCPServer', 'v1alpha1'],
		['MCPServer', 'v1beta1'],
		['VirtualMCPServer', 'v1beta1'],
		['MCPRemoteProxy', 'v1alpha1'],
	] as const) {
		it(`${kind} ${version} › the operator creates its Deployment › replicas, shutdown settings and password are set`, async () => {
			const name = `http-${kind.toLowerCase()}-${version}`;
			const owner = await server(kind, name, { transport: 'sse', replicas: 3, sessionStorage: REDIS }, version);
			const deployment = await namespace.create(proxyDeployment(owner), 'operator');
			expect(deployment['spec'].replicas).to.equal(3);
			expect(podSpec(deployment).terminationGracePeriodSeconds).to.equal(45);
			expect(podSpec(deployment).containers[0].lifecycle).to.deep.equal({ preStop: { sleep: { seconds: 5 } } });
			expect(podSpec(deployment).containers[0].env.at(-1)).to.deep.equal(PASSWORD);
			expect(deployment.metadata.annotations).to.include({ 'toolhive-scaling/applied-replicas': '3' });
		});
	}

	it('a Deployment created in the same moment as its server › it gets what the server has', async () => {
		for (let round = 0; round < 5; round += 1) {
			const owner = await server('MCPServer', `twin-${round}`, { transport: 'sse', replicas: 4 });
			const deployment = await namespace.create(proxyDeployment(owner), 'operator');
			expect(deployment['spec'].replicas, `round ${round}`).to.equal(4);
		}
	});

	it('stdio › created, scaled, patched, and scaled by an autoscaler › 1 replica, and 0 is allowed', async () => {
		const owner = await server('MCPServer', 'stdio', { transport: 'stdio', replicas: 3 });
		const sent = proxyDeployment(owner);
		const created = await namespace.create({ ...sent, spec: { ...sent.spec, replicas: 4 } }, 'operator');
		expect(created['spec'].replicas).to.equal(1);
		const scaled = await namespace.kubectl(['scale', 'deployment', 'stdio', '--replicas=5']);
		expect(scaled.stderr).to.contain(
			'Warning: spec.replicas: MCPServer stdio is stdio: replicas are limited to 1, not 5',
		);
		const patched = await namespace.kubectl(['patch', 'deployment', 'stdio', '-p', '{"spec":{"replicas":6}}']);
		expect(patched.stderr).to.contain('(stdio-replicas-capped)');
		// What an HPA sends: a whole Scale by PUT.
		const path = `/apis/apps/v1/namespaces/${namespace.name}/deployments/stdio/scale`;
		const scale = JSON.parse((await plane().kubectl(['get', '--raw', path])).stdout);
		const input = JSON.stringify({ ...scale, spec: { replicas: 7 } });
		const put = await plane().kubectl(['replace', '--raw', path, '-f', '-'], { input });
		expect(JSON.parse(put.stdout).spec.replicas).to.equal(1);
		expect(await replicasOf('stdio')).to.equal(1);
		await namespace.kubectl(['scale', 'deployment', 'stdio', '--replicas=0']);
		expect(await replicasOf('stdio')).to.equal(0);
	});

	it('TestConfigUpdatePreservesReplicas: the image of an autoscaled proxy changes › the replica count stays', async () => {
		const owner = await server('MCPServer', 'scaled', { transport: 'streamable-http', replicas: 2 });
		await namespace.create(proxyDeployment(owner), 'operator');
		const scaled = await namespace.kubectl(['scale', 'deployment', 'scaled', '--replicas=5']);
		expect(scaled.stderr).to.equal('');
		await eventually(async () => {
			const before = await namespace.get('deployment', 'scaled');
			before['spec'].template.spec.containers[0].image = 'ghcr.io/stacklok/toolhive/proxyrunner:v0.12.6';
			await mustSucceed(namespace.kubectl(['replace', '-f', '-'], before, 'operator'));
		});
		const after = await namespace.get('deployment', 'scaled');
		expect(after['spec'].replicas).to.equal(5);
		expect(after.metadata.annotations).to.include({ 'toolhive-scaling/applied-replicas': '2' });
	});

	it('applied server-side again, and replaced without the variable › the stored spec stays', async () => {
		const owner = await server('MCPServer', 'ssa', { transport: 'sse', sessionStorage: REDIS });
		const { spec, ...rest } = proxyDeployment(owner);
		const { replicas: _, ...others } = spec;
		const manifest = { ...rest, spec: others };
		let stored: Stored | undefined;
		for (const args of [['apply', '--server-side'], ['apply', '--server-side'], ['replace']]) {
			await mustSucceed(
				namespace.kubectl([...args, '-f', '-'], args[0] === 'replace' ? { ...rest, spec } : manifest, 'operator'),
			);
			const before: Stored | undefined = stored;
			stored = await namespace.get('deployment', 'ssa');
			expect(podSpec(stored).containers[0].env.at(-1), args.join(' ')).to.deep.equal(PASSWORD);
			// Not the generation: a Deployment gets a new one for the annotation of its controller too.
			if (before !== undefined) expect(stored['spec'], args.join(' ')).to.deep.equal(before['spec']);
		}
	});
});
