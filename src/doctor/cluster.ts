/** What a check may ask. Functions, so that a test passes its own. Everything rejects with a `status` where the API server refused. */
import type { Kind } from '../api/names.ts';
import type { Json } from '../api/types.ts';
import type { WebhookConfigurationKind } from '../api/webhook-configurations.ts';

export interface Named {
	readonly namespace: string;
	readonly name: string;
}

/** One try to create something, which stores nothing. */
export interface Attempt {
	readonly status: number;
	/** Of a refusal; else empty. */
	readonly message: string;
	readonly warnings: readonly string[];
}

export type Project<T> = (object: Json) => T | undefined;

/** Undefined means that it is not there. */
export interface ClusterReader {
	readonly version: () => Promise<unknown>;
	readonly getCrd: (name: string) => Promise<Json | undefined>;
	readonly getRegistration: (kind: WebhookConfigurationKind, name: string) => Promise<Json | undefined>;
	readonly getDeployment: (named: Named) => Promise<Json | undefined>;
	readonly getLease: (named: Named) => Promise<Json | undefined>;
	readonly labelsOfNamespace: (name: string) => Promise<Json | undefined>;
	readonly listServers: <T>(kind: Kind, project: Project<T>) => Promise<readonly T[]>;
	readonly listAutoscalers: <T>(project: Project<T>) => Promise<readonly T[]>;
	readonly listDeployments: <T>(project: Project<T>, labelSelector?: string) => Promise<readonly T[]>;
	readonly listConfigMaps: <T>(project: Project<T>, labelSelector: string) => Promise<readonly T[]>;
	readonly tryCreate: (object: Json) => Promise<Attempt>;
	readonly isAllowed: (user: string, groups: readonly string[], resourceAttributes: Json) => Promise<boolean>;
	readonly keysOfSecret: (named: Named) => Promise<readonly string[] | undefined>;
	/** PEM, of certificates only; empty where there is none under `key`. */
	readonly certificateInSecret: (named: Named, key: string) => Promise<string | undefined>;
	/** What a TLS server shows: its own certificate first. */
	readonly certificatesAt: (url: string) => Promise<readonly string[]>;
}
