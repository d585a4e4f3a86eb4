/** What the checks read from a cluster. Every call rejects with a `status` if the API server refuses it. */
import type { Kind } from '../api/names.ts';
import type { Json } from '../api/types.ts';
import type { WebhookConfigurationKind } from '../api/webhook-configurations.ts';

export interface NamespacedName {
	readonly namespace: string;
	readonly name: string;
}

/** The answer to a create request with `dryRun=All`. */
export interface DryRunResult {
	readonly status: number;
	/** Of a refusal; else empty. */
	readonly message: string;
	readonly warnings: readonly string[];
}

export type Project<T> = (object: Json) => T | undefined;

/** A read returns undefined if the object does not exist. */
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
	/** PEM, of certificates only; empty if there is none under `key`. */
	readonly certificateInSecret: (named: NamespacedName, key: string) => Promise<string | undefined>;
	/** PEM of the chain that a TLS server sends: its own certificate first. */
	readonly certificatesAt: (url: string) => Promise<readonly string[]>;
}
