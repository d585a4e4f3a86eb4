/**
 * The product with certificates of its own: processes that believe they run in a pod, and registrations that lead to them by way of
 * the Service of the manifests, so that the API server asks for its name.
 */
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { after, before } from 'mocha';
import { CERTIFICATE_SECRET, CERTIFICATE_SECRET_TYPE } from '../../src/api/names.ts';
import type { Json } from '../../src/api/types.ts';
import type { SecretData } from '../../src/certificates/secret-data.ts';
import { needControlPlane } from './control-plane/mocha.ts';
import type { ControlPlane } from './control-plane/start.ts';
import { eventually } from './eventually.ts';
import { metricOf } from './metrics.ts';
import { serverManifest } from './namespace.ts';
import { apply, applyCrds, documentsOf, mustSucceed, ROOT } from './product.ts';
import { get, type Program, startProgram } from './program.ts';

export const NS = 'toolhive-scaling';
export const HOST = `${NS}.${NS}.svc`;

export interface Replica extends Program {
	readonly webhookPort: number;
	readonly metricsPort: number;
	/** Lines with that message so far. */
	readonly saying: (message: string) => Json[];
}

export interface SelfManaged {
	readonly plane: () => ControlPlane;
	/** Everything that the manifests hold. */
	readonly objects: () => readonly { kind: string }[];
	readonly start: (how?: {
		flags?: readonly string[];
		kubeconfig?: string;
		isReady?: boolean;
		/** By how much its wall clock is ahead. */
		clockAheadMs?: number;
	}) => Promise<Replica>;
	/** The first replica answers /mutate, the last one /validate. Resolves when that is stored, not when it is heard of. */
	readonly register: (...replicas: readonly Replica[]) => Promise<void>;
	readonly unregister: () => Promise<void>;
	/** kubectl as admin; throws when it fails. */
	readonly must: (args: readonly string[], input?: object) => Promise<string>;
	/** What is in our Secret, and its resourceVersion; undefined where there is none. */
	readonly secret: (namespace?: string) => Promise<{ data: SecretData; type: string; version: string } | undefined>;
	/** As whoever may write Secrets does it. */
	readonly plant: (data: SecretData, type?: string) => Promise<void>;
	/** PEM of each webhook. */
	readonly caBundles: () => Promise<string[]>;
	/** Fails unless the validating webhook answers: no other client warns like this. */
	readonly expectCalled: () => Promise<void>;
}

const KINDS = ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration'];
const decoded = (text: string): string => Buffer.from(text, 'base64').toString();

export interface SelfManagedOptions {
	/** Kustomize folder below the top. */
	readonly overlay?: string;
	readonly auditPolicy?: object;
	readonly controllerManager?: boolean;
}

export function useSelfManaged({ overlay = 'manifests', ...how }: SelfManagedOptions = {}): SelfManaged {
	const plane = needControlPlane({ isOwn: true, ...how });
	const replicas: Program[] = [];
	let objects: { kind: string }[] = [];
	const must: SelfManaged['must'] = async (args, input) => {
		const how = { user: 'admin' as const, ...(input !== undefined && { input: JSON.stringify(input) }) };
		return (await mustSucceed(plane().kubectl(args, how))).stdout;
	};
	before('installation', async function () {
		this.timeout(60_000);
		objects = documentsOf(await must(['kustomize', `${ROOT}/${overlay}`]));
		await applyCrds(plane());
		await apply(
			plane(),
			objects.filter(({ kind }) => /^(Namespace|ServiceAccount|(Cluster)?Role(Binding)?)$/.test(kind)),
		);
		await apply(plane(), [serviceIn(NS)]);
	});
	after('replicas', async () => {
		for (const replica of replicas) await replica.kill();
	});

	return {
		plane,
		must,
		objects: () => objects,
		start: async ({ flags = [], kubeconfig = plane().kubeconfig('webhook'), isReady = true, clockAheadMs } = {}) => {
			const ports = ['--webhook-port=0', '--metrics-port=0'];
			const args = ['serve', `--kubeconfig=${kubeconfig}`, ...ports, '--drain-seconds=0', ...flags];
			const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', CLOCK_AHEAD_MS: String(clockAheadMs) };
			const program = startProgram(args, env, clockAheadMs === undefined ? {} : { preload: 'other-clock.ts' });
			replicas.push(program);
			const { webhookPort, metricsPort } = await program.said('serving');
			if (isReady) await program.said('ready');
			return {
				...program,
				webhookPort: Number(webhookPort),
				metricsPort: Number(metricsPort),
				saying: (message) => program.lines().filter(({ msg }) => msg === message),
			};
		},
		register: async (...to) => {
			await apply(plane(), registrationsTo(objects, to));
		},
		unregister: async () => void (await must(['delete', KINDS.join(), NS, '--ignore-not-found'])),
		secret: async (namespace = NS) => {
			const how = ['-n', namespace, '-o', 'json', '--ignore-not-found'];
			const text = await must(['get', 'secret', CERTIFICATE_SECRET, ...how]);
			if (text === '') return undefined;
			const stored = JSON.parse(text);
			const texts = Object.entries<string>(stored.data ?? {}).map(([key, value]) => [key, decoded(value)]);
			return { data: Object.fromEntries(texts), type: stored.type, version: stored.metadata.resourceVersion };
		},
		plant: async (data, type = CERTIFICATE_SECRET_TYPE) => {
			const metadata = { name: CERTIFICATE_SECRET, namespace: NS };
			const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
			const secret = { apiVersion: 'v1', kind: 'Secret', metadata, type, data: Object.fromEntries(encoded) };
			const exists = await must(['get', 'secret', CERTIFICATE_SECRET, '-n', NS, '-o', 'name', '--ignore-not-found']);
			await must([exists === '' ? 'create' : 'replace', '-f', '-'], secret);
		},
		expectCalled: async () => {
			const server = serverManifest('MCPServer', 'asked', { transport: 'sse', replicas: 2 });
			const args = ['create', '--dry-run=server', '-n', 'default', '-f', '-'];
			const { code, stderr } = await plane().kubectl(args, { input: JSON.stringify(server) });
			if (code !== 0 || !stderr.includes('session-storage-missing')) throw new Error(`not called: ${stderr}`);
		},
		caBundles: async () => {
			const lists = await Promise.all(
				KINDS.map(async (kind) => JSON.parse(await must(['get', kind, NS, '-o', 'json']))),
			);
			return lists.flatMap(({ webhooks }: { webhooks: { clientConfig: { caBundle?: string } }[] }) =>
				webhooks.map(({ clientConfig }) => decoded(clientConfig.caBundle ?? '')),
			);
		},
	};
}

/** Resolves when this leader has compared certificates and caBundles with what they should be, from start to end. */
export async function synced({ metricsPort }: Replica): Promise<void> {
	const metrics = async () => (await get(metricsPort, '/metrics')).body;
	const passes = () => metricOf({ metrics }, 'thv_scaling_certificate_sync_total');
	const before = await passes();
	await eventually(async () => {
		// The first one may have started earlier.
		if ((await passes()) < before + 2) throw new Error('no two passes yet');
	});
}

/** There are no pods; what the Service leads to is this machine. */
export const serviceIn = (namespace: string): object => ({
	apiVersion: 'v1',
	kind: 'Service',
	metadata: { name: NS, namespace },
	spec: { type: 'ExternalName', externalName: 'localhost' },
});

/** The registrations in `objects`; the first replica answers /mutate, the last one /validate. */
export function registrationsTo(
	objects: readonly { kind: string }[],
	replicas: readonly { webhookPort: number }[],
): object[] {
	const registrations = objects.filter(({ kind }) => kind.endsWith('WebhookConfiguration')) as unknown as Json[];
	return registrations.map((registration, index) => ({
		...registration,
		webhooks: (registration['webhooks'] as Json[]).map((webhook) => {
			const client = webhook['clientConfig'] as { service: object };
			const port = replicas.at(index === 0 ? 0 : -1)?.webhookPort;
			return { ...webhook, clientConfig: { service: { ...client.service, port } } };
		}),
	}));
}

/** What a client sees that trusts `ca`: the certificate, or why it refuses it. */
export const handshake = (port: number, ca: string): Promise<X509Certificate | string> =>
	new Promise((resolve) => {
		const socket = connect({ host: '127.0.0.1', port, ca, servername: HOST }, () => {
			resolve(new X509Certificate(socket.getPeerX509Certificate()?.raw ?? ''));
			socket.destroy();
		});
		socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
	});
