/** The data that several checks read. Each object is requested once, when the first check needs it. */
import { INSTALLED_AS, KIND_LIST, LABEL_TOOLHIVE } from '../api/names.ts';
import type { Json } from '../api/types.ts';
import { serverOf } from '../objects/server.ts';
import { DEFAULT_SETTINGS, type Settings } from '../policy/settings.ts';
import type { CheckResult } from './check-result.ts';
import type { ClusterReader } from './cluster.ts';
import { doctorCommand, installFix } from './commands.ts';
import { type Installation, installationOf } from './installation.ts';
import type { StoredServer } from './owners.ts';
import { proxyOf } from './pre-stop.ts';
import { allOf, findWebhooks, type InstalledWebhook, servicesOf } from './webhook-configurations.ts';

/** The flags of `serve` that the checks depend on. */
export interface ServeFlags {
	readonly operatorUsernames: readonly string[];
	readonly passwordEnv: string;
	readonly shutdown: Pick<Settings, 'gracePeriodSeconds' | 'preStopSeconds'>;
	readonly isReconciling: boolean;
	readonly isElected: boolean;
	/** Whether the leader issues the certificates. */
	readonly isSelfManaged: boolean;
	readonly hasNamespaceLabel: boolean;
}

export interface DoctorOptions {
	/** The URL of the API server. */
	readonly url: string;
	/** The namespace of the product, or undefined if the user did not name it. */
	readonly namespace: string | undefined;
	/** Returns the flags of an installation, or the reason why `serve` rejects them. */
	readonly readSettings: (installation: Installation) => ServeFlags | string;
	readonly nowMs: number;
}

/** The data of a cluster for the checks. The functions reject if the caller lacks a permission. */
export type CheckContext = Awaited<ReturnType<typeof createContext>>;
export type DoctorCheck = (context: CheckContext) => Promise<CheckResult[]>;

/** Creates the context. Never rejects. */
export async function createContext(
	cluster: ClusterReader,
	{ url, namespace: given, readSettings, nowMs }: DoctorOptions,
) {
	const webhooksByKind = once(() => findWebhooks(cluster.getWebhookConfiguration));
	const webhooks: readonly InstalledWebhook[] = await webhooksByKind().then(allOf, () => []);
	const services = servicesOf(webhooks);
	const namespace = given ?? services[0]?.namespace ?? INSTALLED_AS;
	const product = { namespace, name: INSTALLED_AS };
	const otherService = services.some((one) => one.namespace === namespace) ? undefined : services[0];

	const installation = once(async () => {
		const object = await cluster.getDeployment(product);
		return object && installationOf(object);
	});
	const installed = await installation().catch(() => undefined);
	const flagsOrError = installed && readSettings(installed);
	const flags = typeof flagsOrError === 'object' ? flagsOrError : undefined;
	const settings = { ...DEFAULT_SETTINGS, ...flags?.shutdown };
	const helmRelease = webhooks.find((one) => one.helmRelease !== undefined)?.helmRelease ?? installed?.helmRelease;
	return {
		cluster,
		url,
		nowMs,
		/** The name of the product's Deployment, whether or not it exists. */
		product,
		/** The Service that all webhooks call, if it is in another namespace. */
		otherService,
		// Permissions and webhook configurations are cluster-wide, so installing here would break the other installation.
		installFix: otherService ? doctorCommand(otherService.namespace) : installFix(namespace, helmRelease),
		webhooksByKind,
		/** All webhooks in one list, empty if they cannot be read. */
		webhooks,
		version: once(cluster.version),
		servers: once(() => listServers(cluster)),
		proxies: once(() => cluster.listDeployments(proxyOf(settings), `${LABEL_TOOLHIVE}=true`)),
		installation,
		/** The product's Deployment, or undefined if it cannot be read. */
		installed,
		/** The flags of `serve`, or a text if `serve` rejects them. */
		flagsOrError,
		/** The flags of `serve`, or undefined if they are unknown or rejected. */
		flags,
		preStopSeconds: settings.preStopSeconds,
	};
}

async function listServers({ listServers: list }: ClusterReader): Promise<readonly StoredServer[]> {
	const stored = (object: Json): StoredServer | undefined => {
		const server = serverOf(object);
		return server && { ...server, apiVersion: String(object['apiVersion']) };
	};
	return (await Promise.all(KIND_LIST.map((kind) => list(kind, stored)))).flat();
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
	let result: Promise<T> | undefined;
	return () => {
		result ??= read();
		return result;
	};
}
