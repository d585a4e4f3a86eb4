/** For registration.test.ts: the registrations of the manifests in a real API server, leading to a recorder; and the least objects. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before } from 'mocha';
import { issueCa, issueServing } from '../../../certs/issue.ts';
import { GROUP, KINDS, type Kind } from '../../../src/api/names.ts';
import { needControlPlane } from '../../harness/control-plane/mocha.ts';
import { mutating, podWebhooks, ROOT, validating } from '../../harness/manifest-files.ts';
import type { Webhook } from '../../harness/manifest-types.ts';
import { mustSucceed } from '../../harness/product.ts';

export const NS = 'registration';
const REGISTRATION = 'registration-test';

export interface Sample {
	readonly apiVersion: string;
	readonly kind: string;
	readonly metadata: {
		readonly name: string;
		readonly namespace: string;
		readonly labels?: Readonly<Record<string, string>>;
		readonly ownerReferences?: readonly object[];
	};
	readonly [section: string]: unknown;
}

const sample = (apiVersion: string, kind: string, name: string, more: object, namespace = NS): Sample => ({
	...{ apiVersion, kind, metadata: { name, namespace }, ...more },
});
const withMetadata = (one: Sample, more: object): Sample => ({ ...one, metadata: { ...one.metadata, ...more } });
const reference = (apiVersion: string, kind: string, name: string) => ({
	...{ apiVersion, kind, name, uid: '0f3c2b9e-1f0a-4a58-9c1d-6c0a5b1e0001', controller: true },
});
const owned = (one: Sample, kind: Kind, name: string): Sample =>
	withMetadata(one, { ownerReferences: [reference(`${GROUP}/v1alpha1`, kind, name)] });
/** As other controllers own what they make. */
export const ownedElsewhere = (one: Sample): Sample =>
	withMetadata(one, { ownerReferences: [reference('apps/v1', 'ReplicaSet', 'other')] });
/** With a finalizer, which keeps it there, being deleted, for as long as a test likes. */
export const held = (one: Sample): Sample => withMetadata(one, { finalizers: ['example.com/hold'] });
export const inNamespace = (one: Sample, namespace: string): Sample => withMetadata(one, { namespace });

/** The labels an operator gives to Deployment and pods of a server. */
export const proxyLabels = (kind: Kind, name: string): Record<string, string> => ({
	...{ app: KINDS[kind].app, 'app.kubernetes.io/name': KINDS[kind].app, 'app.kubernetes.io/instance': name },
	...{ toolhive: 'true', 'toolhive-name': name },
});
const containers = [{ name: 'main', image: 'example/main:1' }];
export const deployment = (name: string, labels: Record<string, string>): Sample => {
	const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } };
	return withMetadata(sample('apps/v1', 'Deployment', name, { spec }), { labels });
};
export const proxyDeployment = (name: string, kind: Kind = 'MCPServer'): Sample =>
	owned(deployment(name, proxyLabels(kind, name)), kind, name);
/** As a proxy runner makes its backend. */
export const backend = (name: string, labels: Record<string, string> = { app: name, toolhive: 'true' }): Sample => {
	const made = deployment(name, labels);
	return { ...made, kind: 'StatefulSet', spec: { ...(made['spec'] as object), serviceName: name } };
};
export const pod = (name: string, labels: Record<string, string>): Sample =>
	withMetadata(sample('v1', 'Pod', name, { spec: { containers } }), { labels });
export const configMap = (name: string, labels: Record<string, string> = {}): Sample =>
	withMetadata(sample('v1', 'ConfigMap', name, { data: {} }), { labels });
export const runConfig = (server: string, kind: Kind = 'MCPServer', component = 'run-config'): Sample => {
	const labels = {
		'toolhive.stacklok.io/component': component,
		[KINDS[kind].configLabel]: server,
		'toolhive.stacklok.io/managed-by': 'toolhive-operator',
	};
	return owned(configMap(server + KINDS[kind].configMapSuffix, labels), kind, server);
};
/** What each kind cannot do without in the generated CRDs and in ToolHive's own. */
const REQUIRED: Readonly<Record<Kind, object>> = {
	MCPServer: { image: 'example/mcp:1' },
	VirtualMCPServer: { incomingAuth: { type: 'anonymous' }, groupRef: { name: 'group' } },
	MCPRemoteProxy: { remoteUrl: 'https://example.com' },
};
export const server = (name: string, spec: object, kind: Kind = 'MCPServer', version = 'v1beta1'): Sample =>
	sample(`${GROUP}/${version}`, kind, name, { spec: { ...REQUIRED[kind], ...spec } });

/** To be used inside hooks and tests only. */
export interface Registrations {
	/** Runs kubectl; a failure is its `code`. */
	readonly tryTo: (
		args: readonly string[],
		input?: object,
	) => Promise<{ code: number; stdout: string; stderr: string }>;
	/** Runs kubectl, returns its output, throws when it fails. */
	readonly must: (args: readonly string[], input?: object) => Promise<string>;
	/** The reviews that the API server sent while `act` ran, such as `servers.validate UPDATE v1beta1 mcpservers/web`. */
	readonly reviewsOf: (act: () => Promise<unknown>) => Promise<string[]>;
	/** No server answers from now on. */
	readonly goDown: () => void;
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

/** Call it inside a `describe`. Registers everything including pod mode, and cleans up afterwards. */
export function useRegistrations(): Registrations {
	const controlPlane = needControlPlane();
	let recorder: Server | undefined;
	let reviews: string[] = [];

	const tryTo: Registrations['tryTo'] = (args, input) =>
		controlPlane().kubectl(args, { user: 'admin', ...(input !== undefined && { input: JSON.stringify(input) }) });
	const must: Registrations['must'] = async (args, input) => (await mustSucceed(tryTo(args, input))).stdout;
	const reviewsOf: Registrations['reviewsOf'] = async (act) => {
		reviews = [];
		await act();
		return reviews;
	};
	const goDown = (): void => recorder?.close().closeAllConnections();
	/** Allows everything. */
	const startRecorder = async (): Promise<(webhook: Webhook) => object> => {
		const authority = await issueCa();
		const { cert, key } = await issueServing(authority, { hosts: ['127.0.0.1'], days: 1 });
		recorder = createServer({ cert, key }, async (request, response) => {
			const { uid, operation, resource, subResource, name } = (JSON.parse(await text(request)) as Review).request;
			const what = [resource.resource, ...(subResource ? [subResource] : []), name ?? '?'].join('/');
			reviews.push(`${/\/([\w.]+)/.exec(request.url ?? '')?.[1]} ${operation} ${resource.version} ${what}`);
			const answer = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } };
			response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
		}).listen(0, '127.0.0.1');
		await once(recorder, 'listening');
		const { port } = recorder.address() as AddressInfo;
		return (webhook) => ({
			...webhook,
			clientConfig: {
				// The path is the entry of the registration: `scale.mutate` of `scale.mutate.toolhive-scaling.svc`.
				url: `https://127.0.0.1:${port}/${webhook.name.split('.').slice(0, 2).join('.')}`,
				caBundle: Buffer.from(authority.cert).toString('base64'),
			},
		});
	};

	before('registrations', async function () {
		this.timeout(90_000);
		const redirected = await startRecorder();
		await must(['apply', '-f', join(ROOT, 'manifests/crds')]);
		await must(['wait', '--for=condition=Established', 'crd', '--all']);
		for (const name of [NS, 'toolhive-scaling'])
			await must(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
		for (const [kind, webhooks] of [
			['MutatingWebhookConfiguration', [...mutating(), ...podWebhooks()]],
			['ValidatingWebhookConfiguration', validating()],
		] as const) {
			const metadata = { name: REGISTRATION };
			const webhook = { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata };
			await must(['apply', '-f', '-'], { ...webhook, webhooks: webhooks.map(redirected) });
		}
		// The API server learns of a registration a moment after it is stored.
		for (const [entry, probe] of [
			['servers.validate', server('try', {})],
			['configmaps.mutate', runConfig('try')],
		] as const) {
			const create = () => must(['create', '--dry-run=server', '-f', '-'], probe);
			while (!(await reviewsOf(create)).some((line) => line.startsWith(entry))) await sleep(50);
		}
	});
	after('registrations', async function () {
		this.timeout(90_000);
		// Not started when there is no control plane.
		if (recorder === undefined) return;
		await must(['delete', 'mutatingwebhookconfiguration,validatingwebhookconfiguration', REGISTRATION]);
		goDown();
		await must(['delete', 'deployment,statefulset,configmap,pod', '--all', '-n', NS, '--grace-period=0', '--force']);
		await must(['delete', 'mcpservers,virtualmcpservers,mcpremoteproxies', '--all', '-n', NS]);
	});
	return { tryTo, must, reviewsOf, goDown };
}
