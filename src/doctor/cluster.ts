/** The reads of the checks. Every call rejects with an error that has a `status` if the API server rejects it. */
import type { Kind } from '../api/names.ts';
import type { Json } from '../api/types.ts';
import type { WebhookConfigurationKind } from '../api/webhook-configurations.ts';

export interface NamespacedName {
	readonly namespace: string;
	readonly name: string;
}

/** The response to a create request with `dryRun=All`. */
export interface DryRunResult {
	readonly status: number;
	/** The message of a rejection, else empty. */
	readonly message: string;
	readonly warnings: readonly string[];
}

export type Project<T> = (object: Json) => T | undefined;

/** Reads a cluster. A read returns undefined if the object does not exist. */
export interface ClusterReader {
	readonly version: () => Promise<unknown>;
	readonly getCrd: (name: string) => Promise<Json | undefined>;
	readonly getWebhookConfiguration: (kind: WebhookConfigurationKind, name: string) => Promise<Json | undefined>;
	readonly getDeployment: (named: NamespacedName) => Promise<Json | undefined>;
	readonly getLease: (named: NamespacedName) => Promise<Json | undefined>;
	readonly labelsOfNamespace: (name: string) => Promise<Json | undefined>;
	readonly listServers: <T>(kind: Kind, project: Project<T>) => Promise<readonly T[]>;
	readonly listAutoscalers: <T>(project: Project<T>) => Promise<readonly T[]>;
	readonly listDeployments: <T>(project: Project<T>, labelSelector?: string) => Promise<readonly T[]>;
	readonly listConfigMaps: <T>(project: Project<T>, labelSelector: string) => Promise<readonly T[]>;
	readonly createDryRun: (object: Json) => Promise<DryRunResult>;
	readonly isAllowed: (user: string, groups: readonly string[], resourceAttributes: Json) => Promise<boolean>;
	readonly keysOfSecret: (named: NamespacedName) => Promise<readonly string[] | undefined>;
	/**
	 * Returns the certificates under `key` in PEM, empty if there are none. The function never returns other values of
	 * the Secret.
	 */
	readonly certificateInSecret: (named: NamespacedName, key: string) => Promise<string | undefined>;
	/** Returns the certificate chain of a TLS server in PEM, the server's own certificate first. */
	readonly certificatesAt: (url: string) => Promise<readonly string[]>;
}
