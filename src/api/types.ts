/**
 * The parts of Kubernetes and ToolHive objects that the product reads or writes. The product leaves all other parts
 * unchanged.
 */
import type { Kind } from './names.ts';

/** A parsed JSON object of unknown shape. */
export type Json = { readonly [key: string]: unknown };

export const isObject = (value: unknown): value is Json =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

const NONE: Json = {};

/** Returns the metadata of an object, empty if it has none. */
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
	/**
	 * Whether `sessionStorage.tls` (ToolHive v0.55.1) is set. For older operators, the product cannot write its content.
	 */
	readonly tls?: true;
}

/** The scaling settings of a server, read from its custom resource. `undefined` means unset; 0 is a value. */
export interface ServerSpec {
	/** Whether the transport is stdio. Only an MCPServer can be stdio; its CRD defaults an absent transport to stdio. */
	readonly stdio: boolean;
	readonly replicas?: number;
	readonly backendReplicas?: number;
	readonly sessionStorage?: SessionStorage;
	readonly sessionAffinity?: string;
	/**
	 * Whether a VirtualMCPServer has `spec.config.sessionStorage`, which the operator overwrites with
	 * `spec.sessionStorage`.
	 */
	readonly configSessionStorage?: true;
	/** Whether an MCPServer sets `podTemplateMetadataOverrides.annotations` for its proxy Deployment. */
	readonly podAnnotations?: true;
	/** The image of the vMCP container, if `spec.podTemplateSpec` names one. */
	readonly image?: string;
}

export interface Server {
	readonly kind: Kind;
	readonly namespace: string;
	readonly name: string;
	readonly uid: string;
	readonly spec: ServerSpec;
	/** Warning ids that the annotation `toolhive-scaling/ignore` silences. */
	readonly ignore: readonly string[];
}

/** Identifies one server. Without `uid` it identifies the server that has the name now. */
export interface ServerRef {
	readonly kind: Kind;
	readonly namespace: string;
	readonly name: string;
	readonly uid?: string;
}

/** The cached fields of a proxy Deployment. */
export interface ProxyDeployment {
	readonly namespace: string;
	readonly name: string;
	/** The servers that own the Deployment and have its name; usually one. */
	readonly owners: readonly ServerRef[];
	/** For a Deployment without an owner: the server that its name and labels identify. */
	readonly labelledFor?: ServerRef;
	/** The image of the proxy container. */
	readonly image?: string;
	readonly replicas?: number;
	/** The generation changes when the spec changes, not when the status changes. */
	readonly generation?: number;
}

/** The cached fields of an autoscaler whose target is a server or an object of a server. */
export interface Autoscaler {
	readonly kind: 'HorizontalPodAutoscaler' | 'ScaledObject';
	readonly namespace: string;
	readonly name: string;
	readonly targetKind: 'Deployment' | 'StatefulSet' | Kind;
	readonly target: string;
	readonly maxReplicas?: number;
}

/** The cached fields of a ConfigMap that holds a RunConfig or a vMCP configuration. */
export interface RunConfigSummary {
	readonly namespace: string;
	readonly name: string;
	readonly owners: readonly ServerRef[];
	/** Whether the operator wrote a Redis section that configures TLS. */
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
