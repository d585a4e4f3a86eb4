/**
 * Objects without their ownerReferences, as after a restored backup: the conditions, the report from doctor, and the
 * repair.
 */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { eventually } from '../harness/eventually.ts';
import { serverManifest } from '../harness/namespace.ts';
import { type Owner, proxyDeployment, REDIS, runConfigMap } from '../harness/operator-writes.ts';
import { mustSucceed } from '../harness/product.ts';
import { startProgram } from '../harness/program.ts';
import { useProduct } from '../harness/use-product.ts';
import type { Check } from './doctor-cluster.ts';

describe('restored objects on a real API server', function () {
	this.timeout(120_000);
	const { namespace, plane } = useProduct('restored', { flags: ['--settle-seconds=1'] });

	const create = async (name: string, spec: object): Promise<Owner> => {
		const { metadata } = await namespace.create(serverManifest('MCPServer', name, spec));
		return { kind: 'MCPServer', name, namespace: namespace.name, uid: metadata.uid };
	};
	const disown = async (resource: string): Promise<void> => {
		const patch = '[{"op":"remove","path":"/metadata/ownerReferences"}]';
		await mustSucceed(namespace.kubectl(['patch', resource, '--type=json', '-p', patch]));
	};
	/** Creates the object as the operator made it, without its owner and without the fields that the product added. */
	const restore = async (object: { metadata: { ownerReferences?: unknown } }): Promise<void> => {
		const { ownerReferences: _removed, ...metadata } = object.metadata;
		await mustSucceed(namespace.kubectl(['replace', '-f', '-'], { ...object, metadata }));
	};
	const condition = async (name: string, type: string): Promise<string[]> => {
		const all: Record<string, string>[] = (await namespace.get('mcpserver', name))['status']?.conditions ?? [];
		return all.flatMap((one) => (one['type'] === type ? [String(one['status']), String(one['reason'])] : []));
	};
	const reportsOf = async (name: string): Promise<Check[]> => {
		const { stdout } = await startProgram(['doctor', '--kubeconfig', plane().kubeconfig('person'), '-o', 'json']).ended;
		const { checks } = JSON.parse(stdout) as { checks: Check[] };
		return checks.filter(({ id, subject }) => id === 'owners' && subject.includes(`/${name}`));
	};
	/** Runs a printed command, split into words as a shell does. */
	const run = async (command: string): Promise<void> => {
		const [program, ...args] = execFileSync('sh', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' })
			.split('\0')
			.slice(0, -1);
		expect(program).to.equal('kubectl');
		await mustSucceed(plane().kubectl(args));
	};
	const eventsOn = async (name: string): Promise<string> =>
		(await namespace.kubectl(['get', 'events.events.k8s.io', '-o', 'json', `--field-selector=regarding.name=${name}`]))
			.stdout;

	const isCapped = (...expected: string[]): Promise<void> =>
		eventually(async () => expect(await condition('files', 'StdioReplicaCapped')).to.deep.equal(expected));

	it('stdio Deployment with 4 replicas › the condition is False, doctor prints the repair, and the repair is permanent', async () => {
		const server = await create('files', { transport: 'stdio', replicas: 3 });
		await namespace.create(proxyDeployment(server), 'operator');
		await isCapped('True', 'StdioTransportCapAt1');
		await disown('deployment/files');
		await eventually(async () => expect(await eventsOn('files')).to.include('NotOwnedByServer'));
		await restore(proxyDeployment(server));
		await mustSucceed(namespace.kubectl(['scale', 'deployment', 'files', '--replicas=4']));
		await isCapped('False', 'StdioReplicaCapNotActive');
		const [report, ...others] = await reportsOf('files');
		expect(others).to.deep.equal([]);
		expect(report).to.include({ status: 'fail', subject: 'Deployment restored/files' });
		await run(report?.fix ?? '');
		expect((await namespace.get('deployment', 'files'))['spec'].replicas).to.equal(1);
		await isCapped('True', 'StdioTransportCapAt1');
		expect(await reportsOf('files')).to.deep.equal([]);
	});

	it('a server with redis › doctor reports Deployment and ConfigMap; after the repair, both have redis again', async () => {
		const server = await create('search', { transport: 'sse', replicas: 2, sessionStorage: REDIS });
		const objects = [proxyDeployment(server), runConfigMap(server, '{}\n')];
		for (const object of objects) await namespace.create(object, 'operator');
		const storageIs = (reason: string): Promise<void> =>
			eventually(async () =>
				expect(await condition('search', 'SessionStorageWarning')).to.deep.equal(['False', reason]),
			);
		const hasRedis = (): Promise<void> =>
			eventually(async () => {
				const { data } = await namespace.get('configmap', 'search-runconfig');
				expect(data['runconfig.json']).to.include('redis.mcp.svc:6379');
			});
		const variables = async (): Promise<string> =>
			JSON.stringify((await namespace.get('deployment', 'search'))['spec'].template.spec.containers[0].env);
		await storageIs('SessionStorageConfigured');
		await hasRedis();

		for (const resource of ['deployment/search', 'configmap/search-runconfig']) await disown(resource);
		await eventually(async () => expect(await eventsOn('search')).to.include('Deployment search and ConfigMap'));
		for (const object of objects) await restore(object);
		await storageIs('SessionStorageWarningNotApplicable');
		expect(await variables()).not.to.include('redis-secret');
		const reports = await reportsOf('search');
		expect(reports.map(({ status, subject }) => `${status} ${subject}`)).to.deep.equal([
			...['fail Deployment restored/search', 'fail ConfigMap restored/search-runconfig'],
		]);
		for (const { fix } of reports) await run(fix ?? '');
		expect(await variables()).to.include('redis-secret');
		await hasRedis();
		await storageIs('SessionStorageConfigured');
		expect(await reportsOf('search')).to.deep.equal([]);
	});
});
