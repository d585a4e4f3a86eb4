/** Proxy Deployments on a real API server: created, updated, scaled, and everybody else's left alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type Stored, serverManifest } from '../harness/namespace.ts';
import { type Owner, proxyDeployment } from '../harness/operator-writes.ts';
import { useProduct } from '../harness/use-product.ts';

const REDIS = {
	provider: 'redis',
	address: 'redis.mcp.svc:6379',
	passwordRef: { name: 'redis-secret', key: 'password' },
};
const PASSWORD = {
	name: 'THV_SESSION_REDIS_PASSWORD',
	valueFrom: { secretKeyRef: { name: 'redis-secret', key: 'password' } },
};

describe('proxy Deployments on a real API server', function () {
	this.timeout(60_000);
	const { namespace, plane } = useProduct('proxies');

	const server = async (kind: string, name: string, spec: object, version?: string): Promise<Owner> => {
		const { metadata } = await namespace.create(serverManifest(kind, name, spec, version));
		return { kind, name, namespace: namespace.name, uid: metadata.uid };
	};
	const settled = async (name: string): Promise<Stored> => {
		const seen = await namespace.get('deployment', name);
		await sleep(1_000);
		const again = await namespace.get('deployment', name);
		return again.metadata.resourceVersion === seen.metadata.resourceVersion ? again : settled(name);
	};
	const podSpec = (deployment: Stored) => deployment['spec'].template.spec;

	for (const { kind, version } of [
		{ kind: 'MCPServer', version: 'v1alpha1' },
		{ kind: 'MCPServer', version: 'v1beta1' },
		{ kind: 'VirtualMCPServer', version: 'v1beta1' },
		{ kind: 'MCPRemoteProxy', version: 'v1alpha1' },
	]) {
		it(`${kind} ${version}: replicas, shutdown settings and password arrive when the operator creates it`, async () => {
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

	it('a Deployment created in the same moment as its server gets what the server asks for', async () => {
		for (let round = 0; round < 10; round += 1) {
			const owner = await server('MCPServer', `twin-${round}`, { transport: 'sse', replicas: 4 });
			const deployment = await namespace.create(proxyDeployment(owner), 'operator');
			expect(deployment['spec'].replicas, `round ${round}`).to.equal(4);
		}
	});

	it('stdio: one replica, whoever asks, by whatever way', async () => {
		const owner = await server('MCPServer', 'stdio', { transport: 'stdio', replicas: 3 });
		const sent = proxyDeployment(owner);
		const created = await namespace.create({ ...sent, spec: { ...sent.spec, replicas: 4 } }, 'operator');
		expect(created['spec'].replicas).to.equal(1);

		const scaled = await namespace.kubectl(['scale', 'deployment', 'stdio', '--replicas=5']);
		expect(scaled.stderr).to.contain('Warning: spec.replicas: MCPServer stdio is stdio: held at 1, not 5');
		const patched = await namespace.kubectl(['patch', 'deployment', 'stdio', '-p', '{"spec":{"replicas":6}}']);
		expect(patched.stderr).to.contain('(stdio-replicas-capped)');
		// What an HPA sends: a whole Scale by PUT.
		const path = `/apis/apps/v1/namespaces/${namespace.name}/deployments/stdio/scale`;
		const scale = JSON.parse((await plane().kubectl(['get', '--raw', path])).stdout);
		const put = await plane().kubectl(['replace', '--raw', path, '-f', '-'], {
			input: JSON.stringify({ ...scale, spec: { replicas: 7 } }),
		});
		expect(JSON.parse(put.stdout).spec.replicas).to.equal(1);
		expect((await namespace.get('deployment', 'stdio'))['spec'].replicas).to.equal(1);

		await namespace.kubectl(['scale', 'deployment', 'stdio', '--replicas=0']);
		expect((await namespace.get('deployment', 'stdio'))['spec'].replicas).to.equal(0);
	});

	it('TestConfigUpdatePreservesReplicas: a config update leaves an autoscaled count alone', async () => {
		const owner = await server('MCPServer', 'scaled', { transport: 'streamable-http', replicas: 2 });
		await namespace.create(proxyDeployment(owner), 'operator');
		const scaled = await namespace.kubectl(['scale', 'deployment', 'scaled', '--replicas=5']);
		expect(scaled.stderr).to.equal('');
		const before = await namespace.get('deployment', 'scaled');
		before['spec'].template.spec.containers[0].image = 'ghcr.io/stacklok/toolhive/proxyrunner:v0.12.6';
		const put = await namespace.kubectl(['replace', '-f', '-'], before, 'operator');
		expect(put.code).to.equal(0);
		const after = await namespace.get('deployment', 'scaled');
		expect(after['spec'].replicas).to.equal(5);
		expect(after.metadata.annotations).to.include({ 'toolhive-scaling/applied-replicas': '2' });
	});

	it('applied server-side twice the second write changes nothing', async () => {
		const owner = await server('MCPServer', 'ssa', { transport: 'sse', sessionStorage: REDIS });
		const { replicas: _, ...spec } = proxyDeployment(owner).spec;
		const apply = ['apply', '--server-side', '-f', '-'];
		const manifest = { ...proxyDeployment(owner), spec };
		expect((await namespace.kubectl(apply, manifest, 'operator')).code).to.equal(0);
		const first = await namespace.get('deployment', 'ssa');
		expect(podSpec(first).containers[0].env.at(-1)).to.deep.equal(PASSWORD);
		expect((await namespace.kubectl(apply, manifest, 'operator')).code).to.equal(0);
		const second = await namespace.get('deployment', 'ssa');
		expect(second.metadata.resourceVersion).to.equal(first.metadata.resourceVersion);
	});

	it("the operator's write without our variable changes nothing that is stored", async () => {
		const owner = await server('MCPServer', 'drift', { transport: 'sse', sessionStorage: REDIS });
		await namespace.create(proxyDeployment(owner), 'operator');
		// Where there are controllers, they write first.
		const created = await settled('drift');
		const sent = structuredClone(created);
		sent['spec'].template.spec.containers[0].env.pop();
		delete (sent.metadata as { resourceVersion?: string }).resourceVersion;
		expect((await namespace.kubectl(['replace', '-f', '-'], sent, 'operator')).code).to.equal(0);
		const after = await namespace.get('deployment', 'drift');
		expect(after.metadata.resourceVersion).to.equal(created.metadata.resourceVersion);
		expect(after.metadata.generation).to.equal(1);
	});

	for (const { it: title, change } of [
		{ it: 'an owner that does not exist', change: { name: 'nobody', uid: '00000000-0000-4000-8000-000000000000' } },
		{ it: 'an owner with another uid', change: { uid: '00000000-0000-4000-8000-000000000000' } },
	]) {
		it(`${title}: not ours, stored as sent`, async () => {
			const owner = await server('MCPServer', `other-${title.length}`, {
				transport: 'sse',
				replicas: 3,
				sessionStorage: REDIS,
			});
			const deployment = await namespace.create(proxyDeployment({ ...owner, ...change }), 'operator');
			expect(deployment['spec'].replicas).to.equal(1);
			expect(podSpec(deployment).containers[0].env).to.have.length(2);
			expect(deployment.metadata.annotations ?? {}).not.to.have.property('toolhive-scaling/applied-replicas');
		});
	}
});
