/** The parts of Kubernetes and ToolHive objects that are read or written. Everything else is left unchanged. */
import type { Kind } from './names.ts';

/** Parsed JSON of unknown shape: an object as it came over the wire. */
export type Json = { readonly [key: string]: unknown };

export const isObject = (value: unknown): value is Json =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

const NONE: Json = {};

/** Metadata of an object; empty if it has none. */
export const metadataOf = (object: Json): Json => (isObject(object['metadata']) ? object['metadata'] : NONE);

export interface SecretKeyRef {
	readonly name: string;
	readonly key: string;
}

export interface SessionStorage {
	readonly provider: string;
	readonly address?: string;
	readonly db?: number;
	readonly keyPrefix?: string;
	readonly passwordRef?: SecretKeyRef;
	/** Whether `sessionStorage.tls` of ToolHive v0.62.0 is set. Its content cannot be written for older operators. */
	readonly tls?: true;
}

/** What a server asks for, projected from its custom resource. `undefined` means not set; 0 is a value. */
export interface ServerSpec {
	/** Only MCPServer can be stdio; its CRD defaults an absent transport to stdio. */
	readonly stdio: boolean;
	readonly replicas?: number;
	readonly backendReplicas?: number;
	readonly sessionStorage?: SessionStorage;
	readonly sessionAffinity?: string;
	/** A VirtualMCPServer has `spec.config.sessionStorage`, which the operator overwrites with `spec.sessionStorage`. */
	readonly configSessionStorage?: true;
	/** An MCPServer has `podTemplateMetadataOverrides.annotations` for its proxy Deployment. */
	readonly podAnnotations?: true;
	/** Image of the vMCP container where `spec.podTemplateSpec` names one. */
	readonly image?: string;
}

export interface Server {
	readonly kind: Kind;
	readonly namespace: string;
	readonly name: string;
	readonly uid: string;
	readonly spec: ServerSpec;
	/** Warning ids silenced by the annotation `toolhive-scaling/ignore`. */
	readonly ignore: readonly string[];
}

/** Names one server. Without `uid` the one that has the name now. */
export interface ServerRef {
	readonly kind: Kind;
	readonly namespace: string;
	readonly name: string;
	readonly uid?: string;
}

/** What is cached of a proxy Deployment. */
export interface ProxyDeployment {
	readonly namespace: string;
	readonly name: string;
	/** Servers that own it and that it is named after; usually one. */
	readonly owners: readonly ServerRef[];
	/** The server that it is named after and labelled for, where none owns it. */
	readonly labelledFor?: ServerRef;
	/** Image of the proxy container. */
	readonly image?: string;
	readonly replicas?: number;
	/** Changes with the spec and not with the status. */
	readonly generation?: number;
}

/** What is cached of an autoscaler whose target may be a server or belong to one. */
export interface Autoscaler {
	readonly kind: 'HorizontalPodAutoscaler' | 'ScaledObject';
	readonly namespace: string;
	readonly name: string;
	readonly targetKind: 'Deployment' | 'StatefulSet' | Kind;
	readonly target: string;
	readonly maxReplicas?: number;
}

/** What is cached of a ConfigMap with a RunConfig or vMCP configuration. */
export interface RunConfigSummary {
	readonly namespace: string;
	readonly name: string;
	readonly owners: readonly ServerRef[];
	/** The operator wrote a Redis section that carries TLS. */
	readonly redisTls: boolean;
}

export interface EnvVar {
	readonly name: string;
	readonly value?: string;
	readonly valueFrom?: { readonly secretKeyRef?: SecretKeyRef & { readonly optional?: boolean } };
}

/** One operation of a JSON Patch (RFC 6902). */
export type Operation =
	| { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
	| { readonly op: 'remove'; readonly path: string };
