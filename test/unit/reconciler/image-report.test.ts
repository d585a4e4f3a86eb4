/** The Event about a proxy image that is too old for its server. */
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { deployment, mcpRemoteProxy, mcpServer, REDIS, virtualMcpServer } from '../../harness/objects.ts';
import { createHarness, type Harness } from './harness.ts';

const redis = { replicas: 2, sessionStorage: REDIS };
const withImage = (server: Json, image: string, more: Json = {}): Json =>
	deployment(server, {}, { containers: ['toolhive', 'vmcp'].map((name) => ({ name, image, env: [] })) }, more);
const runner = (version: string): string => `ghcr.io/stacklok/toolhive/proxyrunner:${version}`;
const eventsOf = ({ events }: Harness): string[] => events.filter((event) => event.startsWith('ImageTooOld'));

const NO_REDIS = (version: string): string =>
	`spec.sessionStorage: needs a proxy image of v0.16.0 or newer, not ${version}`;
const ROLLS = (version: string): string =>
	`proxy image ${version} is older than v0.27.0: a proxy that starts while the webhooks are down may roll the backend and end its sessions`;
const ignoring = { annotations: { 'toolhive-scaling/ignore': 'image-too-old' } };

interface Row {
	readonly it: string;
	readonly server: Json;
	readonly image: string;
	readonly says?: string;
}

const ROWS: readonly Row[] = [
	{
		it: 'MCPServer with redis, v0.12.5 › both',
		server: mcpServer(redis),
		image: runner('v0.12.5'),
		says: `${NO_REDIS('v0.12.5')}; ${ROLLS('v0.12.5')}`,
	},
	{
		it: 'MCPServer with redis, v0.16.0 › only the backend',
		server: mcpServer(redis),
		image: runner('v0.16.0'),
		says: ROLLS('v0.16.0'),
	},
	{
		it: 'MCPServer without redis, v0.26.9 › the backend',
		server: mcpServer(),
		image: runner('v0.26.9'),
		says: ROLLS('v0.26.9'),
	},
	{ it: 'MCPServer with redis, v0.27.0 › none', server: mcpServer(redis), image: runner('v0.27.0') },
	{
		it: 'MCPRemoteProxy has no backend › only redis',
		server: mcpRemoteProxy(redis),
		image: runner('v0.12.5'),
		says: NO_REDIS('v0.12.5'),
	},
	{
		it: 'VirtualMCPServer has no backend › only redis',
		server: virtualMcpServer(redis),
		image: 'ghcr.io/stacklok/toolhive/vmcp:v0.12.5',
		says: NO_REDIS('v0.12.5'),
	},
	{ it: 'a tag without a version › not judged', server: mcpServer(redis), image: runner('latest') },
	{ it: 'a digest › not judged', server: mcpServer(redis), image: 'proxyrunner@sha256:00' },
	{ it: 'image-too-old is ignored › none', server: mcpServer(redis, ignoring), image: runner('v0.12.5') },
];

describe('reconcile: the image of the proxy', () => {
	for (const { it: title, server, image, says } of ROWS) {
		it(title, async () => {
			const harness = createHarness(server, { deployment: withImage(server, image) });
			await harness.settle();
			await harness.settle();
			expect(eventsOf(harness)).to.deep.equal(says === undefined ? [] : [`ImageTooOld: ${says}`]);
		});
	}

	it('no Deployment yet › the first sign comes with it', async () => {
		const server = mcpServer(redis);
		const harness = createHarness(server);
		await harness.settle();
		expect(eventsOf(harness)).to.deep.equal([]);
		harness.deployment = withImage(server, runner('v0.12.5'));
		await harness.pass();
		expect(eventsOf(harness)).to.have.length(1);
	});

	it('another image › once more if that is too old as well', async () => {
		const server = mcpServer(redis);
		const harness = createHarness(server, { deployment: withImage(server, runner('v0.12.5')) });
		for (const version of ['v0.12.5', 'v0.13.0', 'v0.13.0', 'v0.47.0', 'v0.47.0']) {
			harness.deployment = withImage(server, runner(version));
			await harness.settle();
		}
		expect(eventsOf(harness).map((event) => /not (v[\d.]+)/.exec(event)?.[1])).to.deep.equal(['v0.12.5', 'v0.13.0']);
	});

	it('a server deleted and made anew › an Event for the new one', async () => {
		const harness = createHarness(mcpServer(), { deployment: withImage(mcpServer(), runner('v0.12.5')) });
		await harness.settle();
		harness.server = mcpServer({}, { uid: 'made-anew' });
		harness.deployment = withImage(harness.server, runner('v0.12.5'));
		await harness.settle();
		expect(eventsOf(harness)).to.have.length(2);
	});

	it('a Deployment that the server does not own › not judged', async () => {
		const server = mcpServer(redis);
		const harness = createHarness(server, {
			deployment: withImage(server, runner('v0.12.5'), { ownerReferences: undefined }),
		});
		await harness.settle();
		expect(eventsOf(harness)).to.deep.equal([]);
	});
});
