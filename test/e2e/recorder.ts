/** Stands in for our webhook: allows everything and remembers what it was asked about. */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { issueCa, issueServing } from '../../certs/issue.ts';
import type { Webhook } from '../harness/manifest-types.ts';

/** One question of the API server, such as `servers.validate UPDATE v1beta1 mcpservers/web`. */
export interface Recorder {
	/** What was asked since the last call of `forget`, in the order of asking. */
	readonly asked: () => string[];
	readonly forget: () => void;
	/** `webhook` as a registration that leads here. */
	readonly redirected: (webhook: Webhook) => object;
	readonly stop: () => Promise<void>;
}

interface Review {
	readonly request: {
		readonly uid: string;
		readonly operation: string;
		readonly resource: { readonly version: string; readonly resource: string };
		readonly subResource?: string;
		readonly name?: string;
	};
}

export async function startRecorder(): Promise<Recorder> {
	let asked: string[] = [];
	const authority = await issueCa();
	const serving = await issueServing(authority, { hosts: ['127.0.0.1'], days: 1 });
	const server = createServer({ cert: serving.cert, key: serving.key }, async (request, response) => {
		const entry = new URL(request.url ?? '/', 'https://127.0.0.1').pathname.split('/').at(-1);
		const { uid, operation, resource, subResource, name } = (JSON.parse(await text(request)) as Review).request;
		const what = [resource.resource, ...(subResource ? [subResource] : []), name ?? '?'].join('/');
		asked.push(`${entry} ${operation} ${resource.version} ${what}`);
		const answer = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } };
		response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	return {
		asked: () => asked,
		forget: () => {
			asked = [];
		},
		redirected: (webhook) => ({
			...webhook,
			clientConfig: {
				// The path says which entry of the registration it was: `scale.mutate` of `scale.mutate.toolhive-scaling.svc`.
				url: `https://127.0.0.1:${port}/${webhook.name.split('.').slice(0, 2).join('.')}`,
				caBundle: Buffer.from(authority.cert).toString('base64'),
			},
		}),
		stop: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
