/**
 * Runs the product with certificates that it issues itself. The processes have the environment of a pod. The webhook
 * configurations call them through the Service in the manifests, so that the API server verifies the name of the
 * Service.
 */
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { expect } from 'chai';
import { after, before } from 'mocha';
import { CERTIFICATE_SECRET, CERTIFICATE_SECRET_TYPE } from '../../src/api/names.ts';
import type { SecretData } from '../../src/certificates/secret-data.ts';
import { type NeededControlPlane, needControlPlane } from './control-plane/mocha.ts';
import { eventually } from './eventually.ts';
import { metricOf } from './metrics.ts';
import { serverManifest } from './namespace.ts';
import { accessIn, apply, applyCrds, documentsOf, mustSucceed, ROOT } from './product.ts';
import { get, type Program, startProgram } from './program.ts';
import { webhookConfigurationsIn } from './webhook-configurations.ts';

export const NS = 'toolhive-scaling';
export const HOST = `${NS}.${NS}.svc`;

export interface ReplicaOptions {
	readonly flags?: readonly string[];
	readonly kubeconfig?: string;
	/** If false, waits until the replica serves, instead of until it is ready. */
	readonly isReady?: boolean;
	/** How far the wall clock of the replica is ahead. */
	readonly clockAheadMs?: number;
}

export type SelfManaged = ReturnType<typeof useSelfManaged>;
export type Replica = Awaited<ReturnType<SelfManaged['start']>>;

const KINDS = ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration'];
const decoded = (text: string): string => Buffer.from(text, 'base64').toString();

/** `overlay` is a kustomize folder, relative to the root of the project. */
export function useSelfManaged({
	overlay = 'manifests',
	...options
}: NeededControlPlane & { readonly overlay?: string } = {}) {
	const plane = needControlPlane({ isOwn: true, ...options });
	const replicas: Program[] = [];
	let objects: { kind: string }[] = [];
	/** Runs kubectl as admin. Throws if kubectl fails. */
	const must = async (args: readonly string[], input?: object): Promise<string> => {
		const how = { user: 'admin' as const, ...(input !== undefined && { input: JSON.stringify(input) }) };
		return (await mustSucceed(plane().kubectl(args, how))).stdout;
	};
	before('installation', async function () {
		this.timeout(60_000);
		objects = documentsOf(await must(['kustomize', `${ROOT}/${overlay}`]));
		await applyCrds(plane());
		await apply(plane(), [...accessIn(objects), serviceIn(NS)]);
	});
	after('replicas', async () => {
		for (const replica of replicas) await replica.kill();
	});

	const start = async ({ flags = [], kubeconfig, isReady = true, clockAheadMs }: ReplicaOptions = {}) => {
		const ports = ['--webhook-port=0', '--metrics-port=0', '--drain-seconds=0'];
		const args = ['serve', `--kubeconfig=${kubeconfig ?? plane().kubeconfig('webhook')}`, ...ports, ...flags];
		const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', CLOCK_AHEAD_MS: String(clockAheadMs) };
		const program = startProgram(args, env, clockAheadMs === undefined ? {} : { preload: 'other-clock.ts' });
		replicas.push(program);
		const { webhookPort, metricsPort } = await program.logged('serving');
		if (isReady) await program.logged('ready');
		const body = async (path: string): Promise<string> => (await get(metricsPort, path)).body;
		return {
			...program,
			webhookPort: Number(webhookPort),
			metrics: () => body('/metrics'),
			readyz: () => body('/readyz'),
		};
	};
	/** Returns the product's Secret, or undefined if it does not exist. */
	const secret = async (namespace = NS): Promise<{ data: SecretData; type: string; version: string } | undefined> => {
		const text = await must(['get', 'secret', CERTIFICATE_SECRET, '-n', namespace, '-o', 'json', '--ignore-not-found']);
		if (text === '') return undefined;
		const { data = {}, type, metadata } = JSON.parse(text);
		const texts = Object.entries<string>(data).map(([key, value]) => [key, decoded(value)]);
		return { data: Object.fromEntries(texts), type, version: metadata.resourceVersion };
	};
	/** Returns the caBundle of each webhook, as PEM. */
	const caBundles = async (): Promise<string[]> => {
		const lists = await Promise.all(KINDS.map(async (kind) => JSON.parse(await must(['get', kind, NS, '-o', 'json']))));
		return lists.flatMap(({ webhooks }: { webhooks: { clientConfig: { caBundle?: string } }[] }) =>
			webhooks.map(({ clientConfig }) => decoded(clientConfig.caBundle ?? '')),
		);
	};
	return {
		plane,
		must,
		start,
		secret,
		caBundles,
		/** Returns all objects in the manifests. */
		objects: () => objects,
		/**
		 * Sends /mutate to the first replica and /validate to the last one. The API server reads the configurations later.
		 */
		applyWebhooks: async (...to: readonly { webhookPort: number }[]) => {
			await apply(plane(), webhooksTo(objects, to));
		},
		deleteWebhooks: () => must(['delete', KINDS.join(), NS, '--ignore-not-found']),
		/** Writes the Secret, like any client with permission to write Secrets. */
		writeSecret: async (data: SecretData, type = CERTIFICATE_SECRET_TYPE): Promise<void> => {
			const metadata = { name: CERTIFICATE_SECRET, namespace: NS };
			const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
			const object = { apiVersion: 'v1', kind: 'Secret', metadata, type, data: Object.fromEntries(encoded) };
			await must([(await secret()) === undefined ? 'create' : 'replace', '-f', '-'], object);
		},
		/** Checks that the API server calls the validating webhook. No other component returns this warning. */
		expectCalled: async (): Promise<void> => {
			const server = serverManifest('MCPServer', 'dry-run', { transport: 'sse', replicas: 2 });
			const args = ['create', '--dry-run=server', '-n', 'default', '-f', '-'];
			const { code, stderr } = await plane().kubectl(args, { input: JSON.stringify(server) });
			if (code !== 0 || !stderr.includes('session-storage-missing')) throw new Error(`not called: ${stderr}`);
		},
		/** Checks that the replicas serve the certificate in the Secret, and that every caBundle trusts it. */
		expectServed: async (...to: readonly { webhookPort: number }[]): Promise<void> => {
			const wanted = String(new X509Certificate((await secret())?.data['tls.crt'] ?? ''));
			for (const bundle of new Set(await caBundles()))
				for (const { webhookPort } of to) expect(String(await handshake(webhookPort, bundle))).to.equal(wanted);
		},
	};
}

/** Resolves after this leader has completed one sync of the certificates and caBundles. */
export async function synced({ metrics }: Pick<Replica, 'metrics'>): Promise<void> {
	const count = () => metricOf({ metrics }, 'thv_scaling_certificate_sync_total');
	const before = await count();
	// The first of these two syncs may have started before this call.
	await eventually(async () => expect(await count()).to.be.at.least(before + 2));
}

/** Returns a Service that points to this machine, because there are no pods. */
export const serviceIn = (namespace: string): object => ({
	...{ apiVersion: 'v1', kind: 'Service', metadata: { name: NS, namespace } },
	spec: { type: 'ExternalName', externalName: 'localhost' },
});

/**
 * Returns the webhook configurations in `objects`. They call the first replica for /mutate and the last one for
 * /validate.
 */
export const webhooksTo = (
	objects: readonly { kind: string }[],
	replicas: readonly { webhookPort: number }[],
): object[] =>
	webhookConfigurationsIn(objects).map((configuration, index) => ({
		...configuration,
		webhooks: configuration.webhooks.map(({ clientConfig, ...webhook }) => {
			const port = replicas.at(index === 0 ? 0 : -1)?.webhookPort;
			return { ...webhook, clientConfig: { service: { ...clientConfig.service, port } } };
		}),
	}));

/** Returns the server certificate if a client that trusts `ca` accepts it, or the reason for the rejection. */
export const handshake = (port: number, ca: string): Promise<X509Certificate | string> =>
	new Promise((resolve) => {
		const socket = connect({ host: '127.0.0.1', port, ca, servername: HOST }, () => {
			resolve(new X509Certificate(socket.getPeerX509Certificate()?.raw ?? ''));
			socket.destroy();
		});
		socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
	});
