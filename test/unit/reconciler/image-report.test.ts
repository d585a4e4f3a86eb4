/** Tests the Event about a proxy image that is too old for its server. */
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { deployment, mcpRemoteProxy, mcpServer, REDIS } from '../../harness/objects.ts';
import { createHarness, type Harness } from './harness.ts';

const redis = { replicas: 2, sessionStorage: REDIS };
const withImage = (server: Json, version: string): Json => {
	const image = `ghcr.io/stacklok/toolhive/proxyrunner:${version}`;
	return deployment(server, {}, { containers: [{ name: 'toolhive', image, env: [] }] });
};
const eventsOf = ({ events }: Harness): string[] => events.filter((event) => event.startsWith('ImageTooOld'));

const NO_REDIS = 'spec.sessionStorage: needs a proxy image of v0.16.0 or later, not v0.12.5';
const rolls = (version: string): string =>
	`proxy image ${version} is older than v0.27.0: a proxy that starts while the webhooks are down may roll the backend and end its sessions`;
const ignoring = { annotations: { 'toolhive-scaling/ignore': 'image-too-old' } };

describe('reconcile › the proxy image', () => {
	for (const [title, server, version, notes] of [
		['MCPServer with redis › both notes', mcpServer(redis), 'v0.12.5', [`${NO_REDIS}; ${rolls('v0.12.5')}`]],
		['MCPServer with redis › backend only', mcpServer(redis), 'v0.26.9', [rolls('v0.26.9')]],
		['MCPServer with redis › new enough', mcpServer(redis), 'v0.27.0', []],
		['MCPRemoteProxy, which has no backend › redis only', mcpRemoteProxy(redis), 'v0.12.5', [NO_REDIS]],
		['image-too-old is ignored › none', mcpServer(redis, ignoring), 'v0.12.5', []],
	] as const) {
		it(`${title}, ${version}`, async () => {
			const harness = createHarness(server, { deployment: withImage(server, version) });
			await harness.settle();
			expect(eventsOf(harness)).to.deep.equal(notes.map((note) => `ImageTooOld: ${note}`));
		});
	}

	it('no Deployment yet › reported as soon as there is one; another image › reported again if it is too old', async () => {
		const server = mcpServer(redis);
		const harness = createHarness(server);
		await harness.settle();
		expect(eventsOf(harness)).to.deep.equal([]);
		for (const version of ['v0.12.5', 'v0.12.5', 'v0.13.0', 'v0.13.0', 'v0.47.0', 'v0.47.0']) {
			harness.deployment = withImage(server, version);
			await harness.settle();
		}
		expect(eventsOf(harness).map((event) => /not (v[\d.]+)/.exec(event)?.[1])).to.deep.equal(['v0.12.5', 'v0.13.0']);
	});
});
