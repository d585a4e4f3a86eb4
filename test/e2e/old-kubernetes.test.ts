/**
 * An API server that reports a version below 1.30: the product logs the version, and the webhooks add no preStop hook.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { after } from 'mocha';
import { issueCa, issueServing } from '../../certs/issue.ts';
import { eventually } from '../harness/eventually.ts';
import { writeKubeconfig } from '../harness/kubeconfig.ts';
import { serverManifest } from '../harness/namespace.ts';
import { proxyDeployment } from '../harness/operator-writes.ts';
import { useSelfManaged } from '../harness/self-managed.ts';

const GIT_VERSION = 'v1.29.14-eks-1';
const MESSAGE = 'Kubernetes is too old';

describe('a cluster below Kubernetes 1.30', function () {
	this.timeout(60_000);
	let server: Server | undefined;
	let removeKubeconfig = (): void => undefined;
	// Runs before the hook that stops the replica.
	after(() => {
		server?.close().closeAllConnections();
		removeKubeconfig();
	});
	const { plane, start, must, applyWebhooks, expectCalled } = useSelfManaged();

	/** Returns a kubeconfig for a proxy of the real API server, which reports an older `/version`. */
	const startOldVersion = async (): Promise<string> => {
		const issuer = await issueCa();
		const ca = readFileSync(plane().caFile);
		server = createServer(await issueServing(issuer, { hosts: ['127.0.0.1'] }), (near, answer) => {
			const { method, headers, url = '/' } = near;
			if (url === '/version') return answer.end(JSON.stringify({ gitVersion: GIT_VERSION }));
			const far = request(new URL(url, plane().url), { ca, method, headers, agent: false }, (response) => {
				answer.writeHead(response.statusCode ?? 0, response.headers);
				// Otherwise, the headers of a watch would be delayed until its first event.
				answer.flushHeaders();
				response.pipe(answer);
			});
			far.on('error', () => answer.destroy());
			answer.on('close', () => far.destroy());
			return near.pipe(far);
		});
		await once(server.listen(0, '127.0.0.1'), 'listening');
		const { port } = server.address() as AddressInfo;
		const { path, remove } = writeKubeconfig(`https://127.0.0.1:${port}`, issuer.cert, plane().token('webhook'));
		removeKubeconfig = remove;
		return path;
	};

	it('serve › the log contains the version and the fix; the API server calls the webhook, and proxies get no preStop', async () => {
		const replica = await start({ kubeconfig: await startOldVersion() });
		await applyWebhooks(replica);
		expect(await replica.logged(MESSAGE)).to.include({
			level: 50,
			version: GIT_VERSION,
			effect:
				'without matchConditions the API server calls the webhooks for objects without scaling; proxies get no preStop',
			fix: 'upgrade the cluster to v1.30.0 or later',
		});
		await eventually(expectCalled);
		const create = async (object: object, ...args: string[]) =>
			JSON.parse(await must(['create', '-n', 'default', '-f', '-', '-o', 'json', ...args], object));
		const { metadata } = await create(serverManifest('MCPServer', 'search', { transport: 'sse' }));
		const owner = { kind: 'MCPServer', name: 'search', namespace: 'default', uid: metadata.uid };
		const pod = (await create(proxyDeployment(owner), '--dry-run=server')).spec.template.spec;
		expect(pod.terminationGracePeriodSeconds, 'the webhook was called').to.equal(45);
		expect(pod.containers[0], 'preStop').not.to.have.property('lifecycle');
		expect(replica.log(MESSAGE)).to.have.length(1);
	});
});
