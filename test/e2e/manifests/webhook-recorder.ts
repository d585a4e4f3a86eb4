/**
 * Applies the webhook configurations from the manifests to a real API server. They call a server that allows every
 * request and records it.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before } from 'mocha';
import { issueCa, issueServing } from '../../../certs/issue.ts';
import { needControlPlane } from '../../harness/control-plane/mocha.ts';
import type { Webhook } from '../../harness/manifest-files.ts';
import { mutating, podWebhooks, validating } from '../../harness/manifest-files.ts';
import { apply, applyCrds, mustSucceed } from '../../harness/product.ts';

const CONFIGURATIONS = 'mutatingwebhookconfiguration,validatingwebhookconfiguration';
const NAME = 'recorder';

interface Review {
	readonly request: {
		readonly uid: string;
		readonly operation: string;
		readonly resource: { readonly version: string; readonly resource: string };
		readonly subResource?: string;
		readonly name?: string;
	};
}

/** Must be called inside a `describe`. The webhooks are those in the base and in pod mode. */
export function useRecorder() {
	const plane = needControlPlane();
	let server: Server | undefined;
	let reviews: string[] = [];
	/** Runs kubectl as admin. */
	const kubectl = (args: readonly string[], input?: object) =>
		plane().kubectl(args, { user: 'admin', ...(input !== undefined && { input: JSON.stringify(input) }) });
	/**
	 * Returns the reviews that the API server sends while `act` runs, such as `servers.validate UPDATE v1beta1
	 * mcpservers/web`.
	 */
	const reviewsOf = async (act: () => Promise<unknown>): Promise<string[]> => {
		reviews = [];
		await act();
		return reviews;
	};
	/** Stops the server that answers the webhooks. */
	const goDown = (): void => server?.close().closeAllConnections();

	before('recorder', async function () {
		this.timeout(90_000);
		const ca = await issueCa();
		const serving = await issueServing(ca, { hosts: ['127.0.0.1'] });
		server = createServer(serving, async (request, response) => {
			const { uid, operation, resource, subResource, name } = (JSON.parse(await text(request)) as Review).request;
			const path = [resource.resource, ...(subResource ? [subResource] : []), name ?? '?'].join('/');
			reviews.push(`${/\/([\w.]+)/.exec(request.url ?? '')?.[1]} ${operation} ${resource.version} ${path}`);
			const answer = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } };
			response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
		}).listen(0, '127.0.0.1');
		await once(server, 'listening');
		const { port } = server.address() as AddressInfo;
		const caBundle = Buffer.from(ca.cert).toString('base64');
		/**
		 * Adds the URL of the recorder. The path is the first part of the name: `scale.mutate` of
		 * `scale.mutate.toolhive-scaling.svc`.
		 */
		const redirected = (webhook: Webhook): object => ({
			...webhook,
			clientConfig: { url: `https://127.0.0.1:${port}/${webhook.name.split('.').slice(0, 2).join('.')}`, caBundle },
		});
		const configuration = (kind: string, webhooks: readonly Webhook[]): object => ({
			...{ apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: NAME } },
			webhooks: webhooks.map(redirected),
		});
		await applyCrds(plane());
		await apply(plane(), [
			configuration('MutatingWebhookConfiguration', [...mutating(), ...podWebhooks()]),
			configuration('ValidatingWebhookConfiguration', validating()),
		]);
	});
	after('recorder', async () => {
		// Without a control plane, the server was not started.
		if (server === undefined) return;
		await mustSucceed(kubectl(['delete', CONFIGURATIONS, NAME]));
		goDown();
	});
	/** Waits until the API server calls every webhook in `entries` for a dry run of its object. */
	const called = async (entries: Readonly<Record<string, object>>): Promise<void> => {
		for (const [entry, object] of Object.entries(entries)) {
			const create = () => mustSucceed(kubectl(['create', '--dry-run=server', '-f', '-'], object));
			while (!(await reviewsOf(create)).some((line) => line.startsWith(entry))) await sleep(50);
		}
	};
	return { plane, kubectl, reviewsOf, called, goDown };
}
