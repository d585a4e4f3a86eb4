/** Tests which objects are changed. The golden cases show the changes. */
import { expect } from 'chai';
import type { Cluster } from '../../../src/admission/cluster.ts';
import type { Request } from '../../../src/admission/review.ts';
import type { Json } from '../../../src/api/types.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { clusterOf } from '../../harness/memory-cluster.ts';
import { deployment, mcpServer, ownedBy, pod, scale, stdioServer, WITH_PASSWORD } from '../../harness/objects.ts';
import { mutated, OPERATOR, patchOf, request, update } from '../../harness/run-handlers.ts';

const search = mcpServer({ replicas: 3, backendReplicas: 2, ...WITH_PASSWORD });
const files = stdioServer({ replicas: 3 });
const cluster = clusterOf([search, files, deployment(search), deployment(files)]);
const owner = ownedBy(search);
const podMode = { ...DEFAULT_SETTINGS, passwordEnv: 'pod' } as const;

/** Returns the Deployment of server `search` with other metadata. */
const withMetadata = (metadata: Json): Json => deployment(search, {}, {}, metadata);
const withOwners = (...ownerReferences: unknown[]): Json => withMetadata({ ownerReferences });
/** Returns the cluster as the API server answers: after a while. Counts the look-ups of servers. */
function counted(): Cluster & { lookups: number } {
	const answered: Cluster & { lookups: number } = {
		...cluster,
		lookups: 0,
		findServer: async (ref, signal) => {
			answered.lookups += 1;
			return cluster.findServer(ref, signal);
		},
	};
	return answered;
}

describe('mutate › owners', () => {
	it('the second of two owners exists › changed, from the cache and from the API server', async () => {
		const asked = request(withOwners({ ...owner, uid: 'deleted' }, owner));
		for (const one of [cluster, counted()]) expect(patchOf(await mutated(asked, one))).to.not.deep.equal([]);
	});

	it('20,000 owners do not exist › four look-ups; the last one is the controller › found', async () => {
		const claims = Array.from({ length: 20_000 }, (_, index) => ({ ...owner, controller: false, uid: `u${index}` }));
		const slow = counted();
		expect(patchOf(await mutated(request(withOwners(...claims)), slow))).to.deep.equal([]);
		expect(slow.lookups).to.equal(4);
		expect(patchOf(await mutated(request(withOwners(...claims, owner)), cluster))).to.not.deep.equal([]);
	});
});

describe('mutate › other objects', () => {
	const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' };
	for (const [title, asked, settings] of [
		['another namespace', request(deployment(search), { namespace: 'elsewhere' })],
		['DELETE', request(deployment(search), { operation: 'DELETE' })],
		['a status', update(deployment(search), deployment(search), { resource: 'apps/deployments/status' })],
		['an object that is being deleted', request(withMetadata(deleted))],
		['a Scale of a Deployment that does not exist', update(scale('web', 9), scale('web', 1))],
		['a Scale of a StatefulSet', update(scale('files', 9), scale('files', 1), { resource: 'apps/statefulsets/scale' })],
		['an update of a Pod', update(pod(search), pod(search)), podMode],
		['a server that the operator creates', request(files, { username: OPERATOR })],
		['a server without its fields, by an unknown user', update(mcpServer(), search, { username: '' })],
	] as readonly [string, Request, typeof podMode?][]) {
		it(`${title} › unchanged`, async () => {
			const decision = await mutated(asked, cluster, settings);
			expect(decision).to.deep.equal({ allowed: true, patch: [], findings: [] });
		});
	}
});
