import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import { createManifestCluster } from '../../../src/offline/manifest-cluster.ts';
import { deployment, mcpServer, NAMESPACE, PASSWORD, REDIS, virtualMcpServer } from '../../harness/objects.ts';

const NEVER = new AbortController().signal;
const withUid = (object: Json, uid: string | undefined): Json => ({
	...object,
	metadata: { ...(object['metadata'] as Json), uid },
});
const ref = (uid?: string) => ({
	kind: 'MCPServer' as const,
	namespace: NAMESPACE,
	name: 'github',
	...(uid !== undefined && { uid }),
});

const MATCHES: { it: string; inInput?: string; asked?: string; found: boolean }[] = [
	{ it: 'no uid on either side', found: true },
	{ it: 'a uid in the reference only', asked: '1', found: true },
	{ it: 'a uid in the manifest only', inInput: '1', found: true },
	{ it: 'the same uid', inInput: '1', asked: '1', found: true },
	{ it: 'another uid', inInput: '1', asked: '2', found: false },
];

describe('the input as a cluster', () => {
	for (const { it: title, inInput, asked, found } of MATCHES) {
		it(`${title}: ${found ? 'is meant' : 'is not meant'}`, async () => {
			const cluster = createManifestCluster('default', undefined);
			cluster.add(withUid(mcpServer({}, { name: 'github' }), inInput), 'a', 1);
			const server = await cluster.from('a').findServer(ref(asked), NEVER);
			expect(server !== undefined).to.equal(found);
			expect(cluster.placesOf(ref(asked))).to.have.length(found ? 1 : 0);
		});
	}

	it('of two servers of one name, the one in the file that asks is meant, else the first', async () => {
		const cluster = createManifestCluster('default', undefined);
		for (const [file, replicas] of [
			['a', 1],
			['b', 2],
			['c', 3],
		] as const) {
			cluster.add(withUid(mcpServer({ replicas }, { name: 'github' }), undefined), file, 7);
		}
		const seen = async (file: string) => (await cluster.from(file).findServer(ref(), NEVER))?.spec.replicas;
		expect([await seen('b'), await seen('c'), await seen('elsewhere')]).to.deep.equal([2, 3, 1]);
		expect(cluster.placesOf(ref()).map(({ file, line }) => `${file}:${line}`)).to.deep.equal(['a:7', 'b:7', 'c:7']);
	});

	it('manifests without a namespace are in the one that was named', async () => {
		const cluster = createManifestCluster('team', undefined);
		const { namespace: _, ...metadata } = mcpServer()['metadata'] as Json;
		cluster.add({ ...mcpServer(), metadata: { ...metadata, name: 'github' } }, 'a', 1);
		expect(await cluster.from('a').findServer({ ...ref(), namespace: 'team' }, NEVER)).to.not.equal(undefined);
		expect(await cluster.from('a').findServer(ref(), NEVER)).to.equal(undefined);
	});

	it('servers with the same keys are known to share, and one is not shared with itself', () => {
		const storage = { sessionStorage: { ...REDIS, keyPrefix: 'team:', passwordRef: PASSWORD } };
		const cluster = createManifestCluster('default', undefined);
		const hub = virtualMcpServer(storage);
		cluster.add(mcpServer(storage, { name: 'github' }), 'a', 1);
		cluster.add(mcpServer(storage, { name: 'github' }), 'b', 1);
		cluster.add(hub, 'c', 1);
		const server = {
			...ref(),
			uid: '',
			ignore: [],
			spec: { stdio: false, sessionStorage: { ...REDIS, keyPrefix: 'team:' } },
		};
		const { sharesKeySpaceWith: sharing = [] } = cluster.from('a').clusterContextOf(server);
		expect(sharing.map(({ kind }) => kind)).to.deep.equal(['VirtualMCPServer']);
	});

	it('the image of a proxy is that of its Deployment, else the one that was told', () => {
		const server = mcpServer({}, { name: 'github' });
		const cluster = createManifestCluster('default', 'v0.12.5');
		const seen = () =>
			cluster.from('a').clusterContextOf({ ...ref(), uid: '', ignore: [], spec: { stdio: false } }).deployment?.image;
		expect(seen()).to.equal('proxy:v0.12.5');
		cluster.add(deployment(server, {}, { containers: [{ name: 'toolhive', image: 'proxyrunner:v0.20.0' }] }), 'b', 1);
		expect(seen()).to.equal('proxyrunner:v0.20.0');
	});

	it('a Deployment of somebody else is not remembered', () => {
		const cluster = createManifestCluster('default', undefined);
		cluster.add({ kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name: 'web', namespace: NAMESPACE } }, 'a', 1);
		expect(cluster.deploymentNamed('a', NAMESPACE, 'web')).to.equal(undefined);
	});
});
