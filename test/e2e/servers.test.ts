/**
 * Servers, their Deployments, RunConfigs and backends on a real API server: the output of kubectl, and the stored
 * objects.
 */
import { expect } from 'chai';
import { eventually } from '../harness/eventually.ts';
import { type Stored, serverManifest } from '../harness/namespace.ts';
import { type Owner, proxyDeployment, REDIS, runConfigMap } from '../harness/operator-writes.ts';
import { mustSucceed } from '../harness/product.ts';
import { useProduct } from '../harness/use-product.ts';

describe('servers on a real API server', function () {
	this.timeout(120_000);
	const { namespace, plane } = useProduct('servers');

	const server = async (name: string, spec: object): Promise<Owner> => {
		const { metadata } = await namespace.create(serverManifest('MCPServer', name, spec));
		return { kind: 'MCPServer', name, namespace: namespace.name, uid: metadata.uid };
	};
	const must = (args: readonly string[], input?: object) => mustSucceed(namespace.kubectl(args, input, 'operator'));
	const replicasOf = async (name: string): Promise<number> =>
		(await namespace.get('deployment', name))['spec'].replicas;

	it('a stdio server with 3 replicas › create, apply and a dry run return a warning, and the server is stored', async () => {
		const manifest = serverManifest('MCPServer', 'files', { transport: 'stdio', replicas: 3 });
		for (const args of [
			['create', '--dry-run=server', '-f', '-'],
			['apply', '-f', '-'],
			['apply', '--server-side', '--force-conflicts', '-f', '-'],
		]) {
			const { stderr } = await mustSucceed(namespace.kubectl(args, manifest));
			expect(stderr)
				.to.contain('Warning: spec.replicas: stdio runs exactly 1 replica; the Deployment gets 1, not 3')
				.and.contain('(session-storage-missing)');
		}
		expect((await namespace.get('mcpserver', 'files'))['spec'].replicas).to.equal(3);
	});

	it('an empty Redis address › refused, with all warnings and violations in one message', async () => {
		const spec = { replicas: 2, sessionStorage: { provider: 'redis', address: '' } };
		const manifest = serverManifest('VirtualMCPServer', 'hub', spec);
		const { code, stderr } = await namespace.kubectl(['create', '-f', '-'], manifest);
		expect(code).to.equal(1);
		expect(stderr)
			.to.contain('spec.sessionStorage.address: must not be empty when provider is redis')
			.and.contain('(redis-without-password)');
	});

	it('stdio › created, scaled, patched, and scaled by an autoscaler › 1 replica, and 0 is allowed', async () => {
		const sent = proxyDeployment(await server('stdio', { transport: 'stdio', replicas: 3 }));
		const created = await namespace.create({ ...sent, spec: { ...sent.spec, replicas: 4 } }, 'operator');
		expect(created['spec'].replicas).to.equal(1);
		const scaled = await namespace.kubectl(['scale', 'deployment', 'stdio', '--replicas=5']);
		expect(scaled.stderr).to.contain(
			'Warning: spec.replicas: MCPServer stdio is stdio: replicas are limited to 1, not 5',
		);
		const patched = await namespace.kubectl(['patch', 'deployment', 'stdio', '-p', '{"spec":{"replicas":6}}']);
		expect(patched.stderr).to.contain('(stdio-replicas-capped)');
		// Like an HPA, sends a complete Scale by PUT.
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
		const owner = await server('scaled', { transport: 'streamable-http', replicas: 2 });
		await namespace.create(proxyDeployment(owner), 'operator');
		const scaled = await namespace.kubectl(['scale', 'deployment', 'scaled', '--replicas=5']);
		expect(scaled.stderr).to.equal('');
		await eventually(async () => {
			const before = await namespace.get('deployment', 'scaled');
			before['spec'].template.spec.containers[0].image = 'ghcr.io/stacklok/toolhive/proxyrunner:v0.12.6';
			await must(['replace', '-f', '-'], before);
		});
		const after = await namespace.get('deployment', 'scaled');
		expect(after['spec'].replicas).to.equal(5);
		expect(after.metadata.annotations).to.include({ 'toolhive-scaling/applied-replicas': '2' });
	});

	it('a Deployment is applied again by server-side apply › the stored object does not change', async () => {
		const owner = await server('again', { transport: 'sse', replicas: 3, sessionStorage: REDIS });
		const { spec, ...rest } = proxyDeployment(owner);
		const { replicas: _, ...others } = spec;
		const apply = async (): Promise<Stored> => {
			await must(['apply', '--server-side', '-f', '-'], { ...rest, spec: others });
			return namespace.get('deployment', 'again');
		};
		// The Deployment controller may write its annotation and its status in between.
		await eventually(async () => expect(await apply()).to.deep.equal(await apply()));
	});

	it('a proxy sends its variables in another order › its backend is not rolled out; with another value › rolled out once', async () => {
		const env = ['MCP_HOST', 'MCP_PORT', 'LOG_LEVEL'].map((name) => ({ name, value: 'a' }));
		const labels = { app: 'backend', toolhive: 'true' };
		const flags = ['--server-side', '--force-conflicts', '--field-manager=toolhive-container-manager'];
		const start = async (variables: object): Promise<Stored> => {
			const containers = [{ name: 'mcp', image: 'ghcr.io/example/search:1.0.0', env: variables }];
			const template = { metadata: { labels }, spec: { containers } };
			const spec = { replicas: 1, serviceName: 'backend', selector: { matchLabels: { app: 'backend' } }, template };
			const metadata = { name: 'backend', labels };
			await must(['apply', ...flags, '-f', '-'], { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec });
			return namespace.get('statefulset', 'backend');
		};
		await start(env);
		for (const by of [1, 2])
			expect((await start([...env.slice(by), ...env.slice(0, by)])).metadata.generation).to.equal(1);
		const changed = await start([{ name: 'LOG_LEVEL', value: 'debug' }, ...env.slice(0, 2)]);
		expect(changed.metadata.generation).to.equal(2);
		expect(changed['spec'].template.spec.containers[0].env).to.deep.include({ name: 'LOG_LEVEL', value: 'debug' });
	});

	it('a RunConfig of 400 KB, and a server of 2.9 MiB › both webhooks accept them', async () => {
		const variables = Array.from({ length: 9_000 }, (_, index) => `    "VARIABLE_${index}": "value of the variable"`);
		const text = `{\n  "env_vars": {\n${variables.join(',\n')}\n  }\n}`;
		const large = await server('large', { backendReplicas: 2 });
		const { data } = await namespace.create(runConfigMap(large, text), 'operator');
		expect(JSON.parse(data['runconfig.json'])).to.include({ backend_replicas: 2 });

		const huge = (mib: number) =>
			serverManifest('MCPServer', 'huge', { transport: 'sse', replicas: 2, notes: 'x'.repeat(mib * 1024 * 1024) });
		// The API server accepts 3 MiB, but etcd only 1.5 MiB. A dry run skips only the write to etcd.
		const dryRun = ['--dry-run=server', '-f', '-'];
		expect((await must(['create', ...dryRun], huge(2.9))).stderr).to.contain('(session-storage-missing)');
		await namespace.create(huge(1.3));
		// Repeats the command if the reconciler writes its condition between the read and the write by kubectl.
		await eventually(() => must(['replace', ...dryRun], huge(2.9)));
	});
});
