import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import type { Json, Server, ServerRef } from '../../../src/api/types.ts';
import { type Cache, startCache } from '../../../src/cluster/cache.ts';
import { type Connection, connect } from '../../../src/cluster/connect.ts';
import { autoscalerOf } from '../../../src/objects/autoscaler.ts';
import { runConfigSummaryOf } from '../../../src/objects/config-map.ts';
import { proxyDeploymentOf } from '../../../src/objects/deployment.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { keySpaceOf } from '../../../src/policy/key-space.ts';
import { needControlPlane } from '../../harness/control-plane/mocha.ts';
import { type ControlPlane, startControlPlane } from '../../harness/control-plane/start.ts';
import { type FreezableProxy, startFreezableProxy } from '../../harness/freezable-proxy.ts';
import { type Kubeconfig, writeKubeconfig } from '../../harness/kubeconfig.ts';
import { until } from '../../harness/until.ts';

const PROJECTIONS = {
	server: (object: Json) => serverOf(object),
	deployment: proxyDeploymentOf,
	runConfig: runConfigSummaryOf,
	autoscaler: autoscalerOf,
	keySpace: keySpaceOf,
};
const never = new AbortController().signal;
const CRDS = join(import.meta.dirname, '../../../manifests/crds');

const server = (name: string, spec: Json): Json => ({
	apiVersion: 'toolhive.stacklok.dev/v1alpha1',
	kind: 'MCPServer',
	metadata: { name, namespace: 'memory' },
	spec: { image: 'example.com/secret-image', transport: 'sse', ...spec },
});
const deployment = (name: string, labels: Json, uid: string): Json => ({
	apiVersion: 'apps/v1',
	kind: 'Deployment',
	metadata: {
		name,
		namespace: 'memory',
		labels,
		ownerReferences: [{ apiVersion: 'toolhive.stacklok.dev/v1alpha1', kind: 'MCPServer', name, uid }],
	},
	spec: {
		replicas: 2,
		selector: { matchLabels: { app: name } },
		template: {
			metadata: { labels: { app: name } },
			spec: {
				containers: [
					{ name: 'toolhive', image: 'example.com/proxy:v0.30.0', env: [{ name: 'PASSWORD', value: 'hunter2' }] },
				],
			},
		},
	},
});

// One story, told in order: each test stands on what the ones before it left.
describe('cluster memory of a real API server', function () {
	this.timeout(90_000);
	needControlPlane();
	let plane: ControlPlane;
	let proxy: FreezableProxy;
	let kubeconfig: Kubeconfig;
	let connection: Connection;
	let memory: Cache;
	let gets = 0;

	before(async () => {
		// One of our own: the shared one has CRDs by now, and others would miss it while it is stopped.
		plane = await startControlPlane();
		proxy = await startFreezableProxy(plane.url);
		kubeconfig = writeKubeconfig(proxy.url, readFileSync(plane.caFile, 'utf8'), plane.token('person'));
		connection = await connect(kubeconfig.path);
		const counted = {
			...connection,
			get: (path: string, signal?: AbortSignal) => {
				if (!path.includes('?')) gets += 1;
				return connection.get(path, signal);
			},
		};
		const timing = { absentMs: 200, firstBackoffMs: 50, longestBackoffMs: 500 };
		memory = startCache(counted, PROJECTIONS, () => undefined, timing);
	});
	after(async () => {
		memory?.stop();
		await connection?.close();
		await proxy?.stop();
		await plane?.stop();
		kubeconfig?.remove();
	});

	const apply = async (...objects: Json[]): Promise<void> => {
		const { code, stderr } = await plane.kubectl(['apply', '-f', '-'], {
			input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
		});
		expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
	};
	const remove = (kind: string, name: string) => plane.kubectl(['delete', kind, name, '-n', 'memory']);
	const uidOf = async (kind: string, name: string): Promise<string> =>
		(await plane.kubectl(['get', kind, name, '-n', 'memory', '-o', 'jsonpath={.metadata.uid}'])).stdout;
	const refOf = (name: string, uid?: string): ServerRef => ({
		kind: 'MCPServer',
		namespace: 'memory',
		name,
		...(uid !== undefined && { uid }),
	});
	/** What is remembered, without asking anybody. */
	const known = (name: string, uid?: string): Server | undefined => {
		if (memory.sizeOf('mcpservers') === 0) return undefined;
		const found = memory.findServer(refOf(name, uid), AbortSignal.abort());
		if (!(found instanceof Promise)) return found;
		found.catch(() => undefined);
		return undefined;
	};

	it('is synced before anybody installed ToolHive', async () => {
		await until(() => Object.values(memory.watches).every((watch) => watch.hasSynced()));
		expect(memory.sizeOf('mcpservers')).to.equal(0);
	});

	it('picks up CRDs that are installed later', async () => {
		const { code, stderr } = await plane.kubectl(['apply', '-f', CRDS]);
		expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
		await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
		await plane.kubectl(['create', 'namespace', 'memory']);
		await apply(server('github', { replicas: 2 }));
		await until(() => known('github') !== undefined);
	});

	it('sees servers made, changed and deleted', async () => {
		await apply(server('github', { replicas: 3 }), server('gone', {}));
		await until(() => known('github')?.spec.replicas === 3 && known('gone') !== undefined);
		await remove('mcpserver', 'gone');
		await until(() => known('gone') === undefined);
	});

	it('sees an object made anew under its name', async () => {
		const former = known('github')?.uid;
		await remove('mcpserver', 'github');
		await apply(server('github', { replicas: 4 }));
		const uid = await uidOf('mcpserver', 'github');
		expect(uid).not.to.equal(former);
		await until(() => known('github', uid)?.spec.replicas === 4);
	});

	it('keeps of a server and its Deployment what is read, and nothing else', async () => {
		const uid = await uidOf('mcpserver', 'github');
		await apply(deployment('github', { toolhive: 'true' }, uid), deployment('other', {}, uid));
		await until(() => memory.deploymentNamed('memory', 'github') !== undefined);
		expect(known('github')).to.deep.equal({
			kind: 'MCPServer',
			namespace: 'memory',
			name: 'github',
			uid,
			spec: { stdio: false, replicas: 4 },
			ignore: [],
		});
		expect(memory.deploymentNamed('memory', 'github')).to.deep.equal({
			namespace: 'memory',
			name: 'github',
			owners: [refOf('github', uid)],
			image: 'example.com/proxy:v0.30.0',
			replicas: 2,
			generation: 1,
		});
	});

	it('keeps only what carries the labels of the operator', async () => {
		const uid = await uidOf('mcpserver', 'github');
		const configMap = (name: string, labels: Json): Json => ({
			apiVersion: 'v1',
			kind: 'ConfigMap',
			metadata: {
				name,
				namespace: 'memory',
				labels,
				ownerReferences: [{ apiVersion: 'toolhive.stacklok.dev/v1alpha1', kind: 'MCPServer', name: 'github', uid }],
			},
			data: { 'runconfig.json': '{"password":"hunter2"}' },
		});
		const labels = { 'toolhive.stacklok.io/managed-by': 'toolhive-operator' };
		await apply(
			configMap('github-runconfig', labels),
			configMap('other-runconfig', labels),
			configMap('unlabelled', {}),
		);
		await until(() => memory.runConfigNamed('memory', 'github-runconfig') !== undefined);
		expect(memory.runConfigNamed('memory', 'github-runconfig')).to.deep.equal({
			namespace: 'memory',
			name: 'github-runconfig',
			owners: [refOf('github', uid)],
			redisTls: false,
		});
		expect(memory.sizeOf('configmaps')).to.equal(1);
		expect(memory.sizeOf('deployments')).to.equal(1);
	});

	it('answers from memory, and asks once for what it does not know', async () => {
		const uid = await uidOf('mcpserver', 'github');
		gets = 0;
		for (let count = 0; count < 100; count += 1)
			expect(await memory.findServer(refOf('github', uid), never)).to.include({ uid });
		expect(gets).to.equal(0);
		expect(await memory.findServer(refOf('nobody', uid), never)).to.equal(undefined);
		expect(gets).to.equal(1);
		expect(await memory.findServer(refOf('github', 'another-uid'), never)).to.equal(undefined);
		expect(gets).to.equal(2);
		expect(await memory.findDeployment('memory', 'other', never)).to.include({ name: 'other', replicas: 2 });
		expect(gets).to.equal(3);
	});

	it('makes few TLS connections for all of this', async () => {
		for (let count = 0; count < 100; count += 1) await memory.findServer(refOf(`nobody-${count}`), never);
		expect(proxy.connections()).to.be.at.most(3);
	});

	it('goes on after the API server was away for some seconds', async () => {
		const before = known('github');
		await plane.stopApiServer();
		await until(() => Object.values(memory.watches).every((watch) => watch.lastEventAgeMs() > 3_000));
		expect(known('github')).to.deep.equal(before);
		await plane.startApiServer();
		await apply(server('github', { replicas: 5 }), server('later', { backendReplicas: 0 }));
		await remove('deployment', 'github');
		await until(() => known('github')?.spec.replicas === 5 && known('later')?.spec.backendReplicas === 0);
		await until(() => memory.deploymentNamed('memory', 'github') === undefined);
	});
});
