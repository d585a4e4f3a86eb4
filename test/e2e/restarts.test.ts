/**
 * Rolling restarts while an API server calls without a pause. As in a Deployment, each new replica starts before an old
 * one exits, and no call may fail. `make bench-restarts` measures the same on a node.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { after } from 'mocha';
import { type Api, openApi } from '../harness/api.ts';
import { eventually } from '../harness/eventually.ts';
import { serverManifest } from '../harness/namespace.ts';
import { runConfigMap } from '../harness/operator-writes.ts';
import { type Replica, useSelfManaged } from '../harness/self-managed.ts';
import { type ServiceProxy, startServiceProxy } from '../harness/service-proxy.ts';

const RESTARTS = 2;
const DRAIN_SECONDS = 4;
const LOOPS = 16;
/** The delay until a changed Pod reaches the routing rules on every node. */
const LAG_MS = 1_500;
const SERVERS = '/apis/toolhive.stacklok.dev/v1beta1/namespaces/default/mcpservers';

describe('rolling restarts under load', function () {
	this.timeout(60_000 + RESTARTS * 60_000);
	let api: Api;
	let proxy: ServiceProxy;
	after(async () => {
		api?.close();
		await proxy?.stop();
	});
	const { plane, start, applyWebhooks } = useSelfManaged();
	const flags = [`--drain-seconds=${DRAIN_SECONDS}`];

	it(`${RESTARTS} restarts › no call of either webhook fails`, async () => {
		api = openApi(plane());
		proxy = await startServiceProxy();
		const replicas: Replica[] = [];
		const addReplica = async (): Promise<void> => {
			const replica = await start({ flags });
			replicas.push(replica);
			await sleep(LAG_MS);
			proxy.list(replica.webhookPort);
		};
		await addReplica();
		await addReplica();

		const spec = { transport: 'sse', replicas: 2, backendReplicas: 2 };
		const { body: stored } = await api.send('POST', SERVERS, { body: serverManifest('MCPServer', 'busy', spec) });
		const { uid } = stored['metadata'] as { uid: string };
		const configMap = runConfigMap({ kind: 'MCPServer', name: 'busy', namespace: 'default', uid }, '{"name":"busy"}');
		await applyWebhooks({ webhookPort: proxy.port });
		// These requests store nothing, and each response shows whether the API server called the webhook.
		const calls = [
			async () => {
				const body = serverManifest('MCPServer', 'dry-run', { transport: 'sse', replicas: 2 });
				const { status, warnings, body: answer } = await api.send('POST', `${SERVERS}?dryRun=All`, { body });
				return status === 201 && warnings.length > 0 ? undefined : `${status} ${JSON.stringify(answer)}`;
			},
			async () => {
				const path = '/api/v1/namespaces/default/configmaps?dryRun=All';
				const { status, body: answer } = await api.send('POST', path, { body: configMap });
				const isMutated = JSON.stringify(answer['data']).includes('backend_replicas');
				return status === 201 && isMutated ? undefined : `${status} ${JSON.stringify(answer)}`;
			},
		];
		for (const call of calls) await eventually(async () => expect(await call()).to.equal(undefined));

		const failed: string[] = [];
		let made = 0;
		let isOver = false;
		const load = Array.from({ length: LOOPS }, async (_, index) => {
			while (!isOver) {
				const failure = await calls[index % calls.length]?.().catch((error: Error) => error.message);
				made += 1;
				if (failure !== undefined) failed.push(`restart ${replicas.length - 2}: ${failure}`);
			}
		});
		for (let count = 0; count < RESTARTS; count += 1) {
			await addReplica();
			const old = replicas[count] as Replica;
			old.process.kill('SIGTERM');
			await sleep(LAG_MS);
			proxy.unlist(old.webhookPort);
			await sleep(Math.max(DRAIN_SECONDS * 1_000 - LAG_MS - 500, 0));
			expect((await old.ended).code).to.equal(0);
		}
		isOver = true;
		await Promise.all(load);
		expect(failed).to.deep.equal([]);
		expect(made, 'calls').to.be.above(RESTARTS * 100);
	});
});
