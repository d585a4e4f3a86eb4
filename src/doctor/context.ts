/** What several checks read. Each object is requested when the first check needs it, and only once. */
import { INSTALLED_AS, KIND_LIST, LABEL_TOOLHIVE } from '../api/names.ts';
import type { Json } from '../api/types.ts';
import { serverOf } from '../objects/server.ts';
import { DEFAULT_SETTINGS, type Settings } from '../policy/settings.ts';
import type { CheckResult } from './check-result.ts';
import type { ClusterReader, NamespacedName } from './cluster.ts';
import { doctorCommand, installFix } from './commands.ts';
import { type Installation, installationOf } from './installation.ts';
import type { StoredServer } from './owners.ts';
import { type ProxyObject, proxyOf } from './pre-stop.ts';
import {
	allOf,
	findWebhooks,
	type InstalledWebhook,
	servicesOf,
	type WebhooksByKind,
} from './webhook-configurations.ts';

/** The flags of `serve` that the checks depend on. */
export interface ServeFlags {
	readonly operatorUsernames: readonly string[];
	readonly passwordEnv: string;
	readonly shutdown: Pick<Settings, 'gracePeriodSeconds' | 'preStopSeconds'>;
	readonly isReconciling: boolean;
	readonly isElected: boolean;
	/** The leader issues the certificates. */
	readonly isSelfManaged: boolean;
	readonly hasNamespaceLabel: boolean;
}

export interface DoctorOptions {
	/** URL of the API server. */
	readonly url: string;
	/** Where the product is installed; undefined if the user did not name it. */
	readonly namespace: string | undefined;
	/** The flags of an installation, or why `serve` refuses them. */
	readonly readSettings: (installation: Installation) => ServeFlags | string;
	readonly nowMs: number;
}

/** The functions reject if the caller lacks the permission, unless they say otherwise. */
export interface CheckContext {
	readonly cluster: ClusterReader;
	readonly url: string;
	readonly nowMs: number;
	/** The Deployment of the product, installed or not. */
	readonly product: NamespacedName;
	/** All webhooks call this Service, which is in another namespace. */
	readonly otherService: NamespacedName | undefined;
	readonly installFix: string;
	readonly webhooksByKind: () => Promise<WebhooksByKind>;
	/** The same in one list; empty if they cannot be read. */
	readonly webhooks: readonly InstalledWebhook[];
	readonly version: () => Promise<unknown>;
	readonly servers: () => Promise<readonly StoredServer[]>;
	readonly proxies: () => Promise<readonly ProxyObject[]>;
	readonly installation: () => Promise<Installation | undefined>;
	/** Never rejects; a text if `serve` refuses its flags. */
	readonly flagsOrError: () => Promise<ServeFlags | string | undefined>;
	/** Never rejects. */
	readonly flags: () => Promise<ServeFlags | undefined>;
	readonly preStopSeconds: () => Promise<number>;
}

export type Check = (context: CheckContext) => Promise<CheckResult[]>;

/** Never rejects. */
export async function createContext(
	cluster: ClusterReader,
	{ url, namespace: given, readSettings, nowMs }: DoctorOptions,
): Promise<CheckContext> {
	const webhooksByKind = once(() => findWebhooks(cluster.getWebhookConfiguration));
	const webhooks = await webhooksByKind().then(allOf, () => []);
	const services = servicesOf(webhooks);
	const namespace = given ?? services[0]?.namespace ?? INSTALLED_AS;
	const product = { namespace, name: INSTALLED_AS };
	const otherService = services.some((one) => one.namespace === namespace) ? undefined : services[0];

	const installation = once(async () => {
		const object = await cluster.getDeployment(product);
		return object && installationOf(object);
	});
	const installed = await installation().catch(() => undefined);
	const flagsOrError = once(async () => installed && readSettings(installed));
	const flags = async () => {
		const read = await flagsOrError();
		return typeof read === 'object' ? read : undefined;
	};
	const settings = async () => ({ ...DEFAULT_SETTINGS, ...(await flags())?.shutdown });
	const helmRelease = webhooks.find((one) => one.helmRelease !== undefined)?.helmRelease ?? installed?.helmRelease;
	return {
		cluster,
		url,
		nowMs,
		product,
		otherService,
		// Permissions and webhook configurations are cluster-wide: installing here would take them from the other one.
		installFix: otherService ? doctorCommand(otherService.namespace) : installFix(namespace, helmRelease),
		webhooksByKind,
		webhooks,
		version: once(cluster.version),
		servers: once(() => listServers(cluster)),
		proxies: once(async () => cluster.listDeployments(proxyOf(await settings()), `${LABEL_TOOLHIVE}=true`)),
		installation,
		flagsOrError,
		flags,
		preStopSeconds: async () => (await settings()).preStopSeconds,
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
