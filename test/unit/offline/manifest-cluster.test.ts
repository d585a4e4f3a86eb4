import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json, Server } from '../../../src/api/types.ts';
import { createManifestCluster } from '../../../src/offline/manifest-cluster.ts';
import { deployment, mcpServer, NAMESPACE, PASSWORD, REDIS, virtualMcpServer } from '../../harness/objects.ts';

const NEVER = new AbortController().signal;
const ref = (uid = '') => ({ kind: 'MCPServer' as const, namespace: NAMESPACE, name: 'github', uid });
const server = (spec: Partial<Server['spec']> = {}): Server => ({
	...ref(),
	ignore: [],
	spec: { stdio: false, ...spec },
});
const github = (spec: Json = {}, metadata: Json = {}): Json =>
	mcpServer(spec, { name: 'github', uid: undefined, ...metadata });

describe('createManifestCluster', () => {
	for (const [title, stored, requested, isFound] of [
		['no uid', undefined, '', true],
		['a uid only in the reference', undefined, '1', true],
		['a uid only in the manifest', '1', '', true],
		['the same uid', '1', '1', true],
		['another uid', '1', '2', false],
	] as const)
		it(`findServer › ${title} › ${isFound ? 'found' : 'not found'}`, async () => {
			const cluster = createManifestCluster('default', undefined);
			cluster.add(github({}, { uid: stored }), 'a', 1);
			expect((await cluster.from('a').findServer(ref(requested), NEVER)) !== undefined).to.equal(isFound);
			expect(cluster.placesOf(ref(requested))).to.have.length(isFound ? 1 : 0);
		});
	it('findServer › several servers of one name › the one in the same file, else the first', async () => {
		const cluster = createManifestCluster('default', undefined);
		for (const [index, file] of ['a', 'b', 'c'].entries()) cluster.add(github({ replicas: index + 1 }), file, 7);
		for (const [file, replicas] of [
			['b', 2],
			['c', 3],
			['elsewhere', 1],
		] as const)
			expect((await cluster.from(file).findServer(ref(), NEVER))?.spec.replicas, file).to.equal(replicas);
		expect(cluster.placesOf(ref()).map(({ file, line }) => `${file}:${line}`)).to.deep.equal(['a:7', 'b:7', 'c:7']);
	});
	it('a manifest without a namespace › in the given one', async () => {
		const cluster = createManifestCluster('team', undefined);
		cluster.add(github({}, { namespace: undefined }), 'a', 1);
		expect(await cluster.from('a').findServer({ ...ref(), namespace: 'team' }, NEVER)).to.not.equal(undefined);
		expect(await cluster.from('a').findServer(ref(), NEVER)).to.equal(undefined);
	});
	it('sharesKeySpaceWith › another server, not the same one', () => {
		const sessionStorage = { ...REDIS, keyPrefix: 'team:' };
		const storage = { sessionStorage: { ...sessionStorage, passwordRef: PASSWORD } };
		const cluster = createManifestCluster('default', undefined);
		for (const [index, one] of [github(storage), github(storage), virtualMcpServer(storage)].entries())
			cluster.add(one, `file-${index}`, 1);
		const { sharesKeySpaceWith = [] } = cluster.from('file-0').clusterContextOf(server({ sessionStorage }));
		expect(sharesKeySpaceWith.map(({ kind }) => kind)).to.deep.equal(['VirtualMCPServer']);
	});
	it('the image of a proxy › that of its Deployment, else that of the given release', () => {
		const cluster = createManifestCluster('default', 'v0.12.5');
		const image = () => cluster.from('a').clusterContextOf(server()).deployment?.image;
		expect(image()).to.equal('proxy:v0.12.5');
		const containers = [{ name: 'toolhive', image: 'proxyrunner:v0.20.0' }];
		cluster.add(deployment(github(), {}, { containers }), 'b', 1);
		expect(image()).to.equal('proxyrunner:v0.20.0');
	});
	it('a Deployment without a server › not kept', () => {
		const cluster = createManifestCluster('default', undefined);
		cluster.add({ kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name: 'web', namespace: NAMESPACE } }, 'a', 1);
		expect(cluster.deploymentNamed('a', NAMESPACE, 'web')).to.equal(undefined);
	});
});
