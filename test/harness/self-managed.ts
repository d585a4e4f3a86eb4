/**
 * The product with certificates that it issues itself: processes with the environment of a pod, and webhook configurations that call them
 * through the Service of the manifests, so that the API server verifies its name.
 */
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { expect } from 'chai';
import { after, before } from 'mocha';
import { CERTIFICATE_SECRET, CERTIFICATE_SECRET_TYPE } from '../../src/api/names.ts';
import type { SecretData } from '../../src/certificates/secret-data.ts';
import { needControlPlane } from './control-plane/mocha.ts';
import { eventually } from './eventually.ts';
import { metricOf } from './metrics.ts';
import { serverManifest } from './namespace.ts';
import { accessIn, apply, applyCrds, documentsOf, mustSucceed, ROOT } from './product.ts';
import { get, type Program, startProgram } from './program.ts';
import { webhookConfigurationsIn } from './webhook-configurations.ts';

export const NS = 'toolhive-scaling';
export const HOST = `${NS}.${NS}.svc`;

export interface Replica extends Program {
	readonly webhookPort: number;
	readonly metrics: () => Promise<string>;
	/** Body of /readyz. */
	readonly readyz: () => Promise<string>;
}

export interface ReplicaOptions {
	readonly flags?: readonly string[];
	readonly kubeconfig?: string;
	/** False: it must serve, but not be ready. */
	readonly isReady?: boolean;
	/** By how much its wall clock is ahead. */
	readonly clockAheadMs?: number;
}

export interface SelfManagedOptions {
	/** Kustomize folder below the top. */
	readonly overlay?: string;
	readonly auditPolicy?: object;
	readonly controllerManager?: boolean;
}

export type SelfManaged = ReturnType<typeof useSelfManaged>;

const KINDS = ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration'];
const decoded = (text: string): string => Buffer.from(text, 'base64').toString();

export function useSelfManaged({ overlay = 'manifests', ...options }: SelfManagedOptions = {}) {
	const plane = needControlPlane({ isOwn: true, ...options });
	const replicas: Program[] = [];
	let objects: { kind: string }[] = [];
	/** kubectl as admin; throws when it fails. */
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

	const start = async ({
		flags = [],
		kubeconfig,
		isReady = true,
		clockAheadMs,
	}: ReplicaOptions = {}): Promise<Replica> => {
		const ports = ['--webhook-port=0', '--metrics-port=0', '--drain-seconds=0'];
		const args = ['serve', `--kubeconfig=${kubeconfig ?? plane().kubeconfig('webhook')}`, ...ports, ...flags];
		const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', CLOCK_AHEAD_MS: String(clockAheadMs) };
		const program = startProgram(args, env, clockAheadMs === undefined ? {} : { preload: 'other-clock.ts' });
		replicas.push(program);
		const { webhookPort, metricsPort } = await program.logged('serving');
		if (isReady) await program.logged('ready');
		const body = async (path: string): Promise<string> => (await get(metricsPort, path)).body;
		const metrics = () => body('/metrics');
		return { ...program, webhookPort: Number(webhookPort), metrics, readyz: () => body('/readyz') };
	};
	/** The product's Secret; undefined if there is none. */
	const secret = async (namespace = NS): Promise<{ data: SecretData; type: string; version: string } | undefined> => {
		const text = await must(['get', 'secret', CERTIFICATE_SECRET, '-n', namespace, '-o', 'json', '--ignore-not-found']);
		if (text === '') return undefined;
		const { data = {}, type, metadata } = JSON.parse(text);
		const texts = Object.entries<string>(data).map(([key, value]) => [key, decoded(value)]);
		return { data: Object.fromEntries(texts), type, version: metadata.resourceVersion };
	};
	/** PEM of each webhook. */
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
		/** Everything in the manifests. */
		objects: () => objects,
		/** The first replica answers /mutate, the last one /validate. The API server reads it later. */
		applyWebhooks: async (...to: readonly { webhookPort: number }[]) => {
			await apply(plane(), webhooksTo(objects, to));
		},
		deleteWebhooks: () => must(['delete', KINDS.join(), NS, '--ignore-not-found']),
		/** Writes the Secret, as any client that can write Secrets. */
		writeSecret: async (data: SecretData, type = CERTIFICATE_SECRET_TYPE): Promise<void> => {
			const metadata = { name: CERTIFICATE_SECRET, namespace: NS };
			const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
			const object = { apiVersion: 'v1', kind: 'Secret', metadata, type, data: Object.fromEntries(encoded) };
			await must([(await secret()) === undefined ? 'create' : 'replace', '-f', '-'], object);
		},
		/** Fails unless the validating webhook answers: no other client warns like this. */
		expectCalled: async (): Promise<void> => {
			const server = serverManifest('MCPServer', 'dry-run', { transport: 'sse', replicas: 2 });
			const args = ['create', '--dry-run=server', '-n', 'default', '-f', '-'];
			const { code, stderr } = await plane().kubectl(args, { input: JSON.stringify(server) });
			if (code !== 0 || !stderr.includes('session-storage-missing')) throw new Error(`not called: ${stderr}`);
		},
		/** The replicas serve the certificate of the Secret, and every caBundle trusts it. */
		expectServed: async (...to: readonly Replica[]): Promise<void> => {
			const wanted = String(new X509Certificate((await secret())?.data['tls.crt'] ?? ''));
			for (const bundle of new Set(await caBundles()))
				for (const { webhookPort } of to) expect(String(await handshake(webhookPort, bundle))).to.equal(wanted);
		},
	};
}

/** Resolves when this leader has compared certificates and caBundles with what they should be, from start to end. */
export async function synced({ metrics }: Replica): Promise<void> {
	const count = () => metricOf({ metrics }, 'thv_scaling_certificate_sync_total');
	const before = await count();
	// The first one may have started earlier.
	await eventually(async () => expect(await count()).to.be.at.least(before + 2));
}

/** There are no pods; the Service leads to this machine. */
export const serviceIn = (namespace: string): object => ({
	...{ apiVersion: 'v1', kind: 'Service', metadata: { name: NS, namespace } },
	spec: { type: 'ExternalName', externalName: 'localhost' },
});

/** The webhook configurations in `objects`; the first replica answers /mutate, the last one /validate. */
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

/** The certificate that a client which trusts `ca` accepts, or why it rejects it. */
export const handshake = (port: number, ca: string): Promise<X509Certificate | string> =>
	new Promise((resolve) => {
		const socket = connect({ host: '127.0.0.1', port, ca, servername: HOST }, () => {
			resolve(new X509Certificate(socket.getPeerX509Certificate()?.raw ?? ''));
			socket.destroy();
		});
		socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
	});
