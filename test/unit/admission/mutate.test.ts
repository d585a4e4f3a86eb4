/** Tests which objects are changed. The golden cases show the changes. */
import { expect } from 'chai';
import type { Request } from '../../../src/admission/review.ts';
import type { Json } from '../../../src/api/types.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { clusterOf } from '../../harness/memory-cluster.ts';
import {
	configMap,
	deployment,
	mcpServer,
	ownedBy,
	PASSWORD,
	pod,
	REDIS,
	scale,
	stdioServer,
	virtualMcpServer,
} from '../../harness/objects.ts';
import { mutated, OPERATOR, patchOf, request, stored, update } from '../../harness/run-handlers.ts';

const spec = { replicas: 3, sessionStorage: { ...REDIS, passwordRef: PASSWORD } };
const search = mcpServer({ ...spec, backendReplicas: 2 });
const files = stdioServer({ replicas: 3 });
const hub = virtualMcpServer(spec);
const everything = [search, files, hub, deployment(search), deployment(files)];
const owner = ownedBy(search);
const podMode = { ...DEFAULT_SETTINGS, passwordEnv: 'pod' } as const;

/** Returns the Deployment of server `search` with other metadata. */
const withMetadata = (metadata: Json): Json => deployment(search, {}, {}, metadata);
const withOwners = (...ownerReferences: unknown[]): Json => withMetadata({ ownerReferences });
const scaleOf = (name: string, parts: Partial<Request> = {}): Request => update(scale(name, 9), scale(name, 1), parts);

describe('mutate › objects that a server owns', () => {
	for (const [title, asked] of [
		['the second of two owners exists', request(withOwners({ ...owner, uid: 'deleted' }, owner))],
		['the second of two owners has the name', request(withOwners(ownedBy(hub), owner))],
	] as const) {
		it(`${title} › changed, and not again`, async () => {
			const cluster = clusterOf(everything);
			const object = await stored(asked, cluster);
			expect(object).to.not.deep.equal(asked.object);
			expect(patchOf(await mutated({ ...asked, object }, cluster))).to.deep.equal([]);
		});
	}
	it('a Scale › its Deployment and the owner are looked up by name', async () => {
		const cluster = clusterOf(everything);
		await mutated(scaleOf('files'), cluster);
		expect(cluster.asked).to.deep.equal(['Deployment/files', 'MCPServer/files']);
	});
});

describe('mutate › other objects', () => {
	const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' };
	for (const [title, asked, settings] of [
		['ownerReferences null', request(withMetadata({ ownerReferences: null }))],
		['an owner of another kind', request(withOwners({ ...owner, kind: 'MCPGroup' }))],
		['another namespace', request(deployment(search), { namespace: 'elsewhere' })],
		['a ConfigMap with the name of the server', request(configMap(search, '{}', { name: 'search' }))],
		['another resource', request({ ...deployment(search), kind: 'ReplicaSet' })],
		['DELETE', request(deployment(search), { operation: 'DELETE' })],
		['CONNECT', request(deployment(search), { operation: 'CONNECT' })],
		['a status', request(deployment(search), { resource: 'apps/deployments/status', operation: 'UPDATE' })],
		['an object that is being deleted', request(withMetadata(deleted))],
		['a Scale of a Deployment that does not exist', scaleOf('web')],
		['a Scale of a StatefulSet', scaleOf('files', { resource: 'apps/statefulsets/scale' })],
		['an update of a Pod', update(pod(search), pod(search)), podMode],
		['a Pod without labels', request(pod(search, {}, { labels: {} })), podMode],
		['a server that the operator creates', request(files, { username: OPERATOR })],
		['a server without its fields, by an unknown user', update(mcpServer(), search, { username: '' })],
	] as readonly [string, Request, typeof podMode?][]) {
		it(`${title} › unchanged`, async () => {
			const decision = await mutated(asked, clusterOf(everything), settings);
			expect(decision).to.deep.equal({ allowed: true, patch: [], findings: [] });
		});
	}
	for (const object of [withOwners(), configMap(search, '{}', { ownerReferences: [] }), search]) {
		it(`${object['kind']} without an owner › no look-up`, async () => {
			const cluster = clusterOf(everything);
			await mutated(request(object), cluster);
			expect(cluster.asked).to.deep.equal([]);
		});
	}
});

describe('mutate › 20,000 owners', () => {
	const claims = Array.from({ length: 20_000 }, (_, index) => ({ ...owner, controller: false, uid: `uid-${index}` }));
	it('none of them exists › four look-ups, in the cache and on the API server', async () => {
		const cluster = clusterOf([]);
		expect(patchOf(await mutated(request(withOwners(...claims)), cluster))).to.deep.equal([]);
		expect(cluster.asked).to.have.length(4);
		let lookups = 0;
		const findServer = async () => {
			lookups += 1;
			return undefined;
		};
		expect(patchOf(await mutated(request(withOwners(...claims)), { ...cluster, findServer }))).to.deep.equal([]);
		expect(lookups).to.equal(4);
	});
	it('the last one is the controller › found', async () => {
		expect(patchOf(await mutated(request(withOwners(...claims, owner)), clusterOf(everything)))).to.not.deep.equal([]);
	});
});
