/**
 * Objects without their ownerReferences, as after a restored backup: the conditions, the report from doctor, and the
 * repair.
 */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { eventually } from '../harness/eventually.ts';
import { serverManifest } from '../harness/namespace.ts';
import { proxyDeployment, REDIS, runConfigMap } from '../harness/operator-writes.ts';
import { mustSucceed } from '../harness/product.ts';
import { startProgram } from '../harness/program.ts';
import { useProduct } from '../harness/use-product.ts';
import type { Check } from './doctor-cluster.ts';

describe('restored objects on a real API server', function () {
	this.timeout(120_000);
	const { namespace, plane } = useProduct('restored', { flags: ['--settle-seconds=1'] });

	const storageIs = (reason: string): Promise<void> =>
		eventually(async () => {
			const all: Record<string, string>[] = (await namespace.get('mcpserver', 'search'))['status']?.conditions ?? [];
			const found = all.find(({ type }) => type === 'SessionStorageWarning');
			expect([found?.['status'], found?.['reason']]).to.deep.equal(['False', reason]);
		});
	const hasRedis = (): Promise<void> =>
		eventually(async () => {
			const { data } = await namespace.get('configmap', 'search-runconfig');
			expect(data['runconfig.json']).to.include('redis.mcp.svc:6379');
		});
	const variables = async (): Promise<string> =>
		JSON.stringify((await namespace.get('deployment', 'search'))['spec'].template.spec.containers[0].env);
	const reports = async (): Promise<Check[]> => {
		const { stdout } = await startProgram(['doctor', '--kubeconfig', plane().kubeconfig('person'), '-o', 'json']).ended;
		const { checks } = JSON.parse(stdout) as { checks: Check[] };
		return checks.filter(({ id, subject }) => id === 'owners' && subject.includes('/search'));
	};
	/** Runs a printed command, split into words as a shell does. */
	const run = async (command: string): Promise<void> => {
		const words = execFileSync('sh', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' })
			.split('\0')
			.slice(0, -1);
		expect(words.shift()).to.equal('kubectl');
		await mustSucceed(plane().kubectl(words));
	};

	it('a server with redis › doctor reports Deployment and ConfigMap; after the repair, both have redis again', async () => {
		const spec = { transport: 'sse', replicas: 2, sessionStorage: REDIS };
		const { metadata } = await namespace.create(serverManifest('MCPServer', 'search', spec));
		const server = { kind: 'MCPServer', name: 'search', namespace: namespace.name, uid: metadata.uid };
		const objects = [proxyDeployment(server), runConfigMap(server, '{}\n')];
		for (const object of objects) await namespace.create(object, 'operator');
		await storageIs('SessionStorageConfigured');
		await hasRedis();

		const disown = ['--type=json', '-p', '[{"op":"remove","path":"/metadata/ownerReferences"}]'];
		for (const resource of ['deployment/search', 'configmap/search-runconfig'])
			await mustSucceed(namespace.kubectl(['patch', resource, ...disown]));
		const events = ['get', 'events.events.k8s.io', '-o', 'json', '--field-selector=regarding.name=search'];
		await eventually(async () =>
			expect((await namespace.kubectl(events)).stdout).to.include('Deployment search and ConfigMap'),
		);
		// Replaces the objects as the operator made them, without owners and without the fields that the product added.
		for (const { metadata: made, ...object } of objects) {
			const { ownerReferences: _, ...unowned } = made;
			await mustSucceed(namespace.kubectl(['replace', '-f', '-'], { ...object, metadata: unowned }));
		}
		await storageIs('SessionStorageWarningNotApplicable');
		expect(await variables()).not.to.include('redis-secret');
		const found = await reports();
		expect(found.map(({ status, subject }) => `${status} ${subject}`)).to.deep.equal([
			...['fail Deployment restored/search', 'fail ConfigMap restored/search-runconfig'],
		]);
		for (const { fix } of found) await run(fix ?? '');
		expect(await variables()).to.include('redis-secret');
		await hasRedis();
		await storageIs('SessionStorageConfigured');
		expect(await reports()).to.deep.equal([]);
	});
});
