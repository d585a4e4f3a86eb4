/** Types for the parts of Kubernetes objects that the operator reads or writes. */

export interface OwnerReference {
	readonly apiVersion: string;
	readonly kind: string;
	readonly name: string;
	readonly uid: string;
	readonly controller: true;
	readonly blockOwnerDeletion: true;
}

export type Text = Readonly<Record<string, string>>;

export interface Metadata {
	readonly name: string;
	readonly namespace: string;
	readonly uid?: string;
	readonly resourceVersion?: string;
	readonly generation?: number;
	readonly deletionTimestamp?: string;
	readonly finalizers?: readonly string[];
	readonly labels?: Text;
	readonly annotations?: Text;
	readonly ownerReferences?: readonly OwnerReference[];
}

export interface KubeObject {
	readonly apiVersion: string;
	readonly kind: string;
	readonly metadata: Metadata;
}

export interface Condition {
	readonly type: string;
	readonly status: string;
	readonly reason: string;
	readonly message: string;
	readonly observedGeneration?: number;
	readonly lastTransitionTime?: string;
}

export interface Status {
	readonly conditions?: readonly Condition[];
	readonly phase?: string;
	readonly message?: string;
	readonly url?: string;
	readonly [field: string]: unknown;
}

export interface EnvVar {
	readonly name: string;
	readonly value?: string;
	readonly valueFrom?: unknown;
}

export interface Override {
	readonly labels?: Text;
	readonly annotations?: Text;
}

/** An MCPServer, VirtualMCPServer or MCPRemoteProxy. The type has only the fields that this folder reads. */
export interface ServerObject extends KubeObject {
	readonly spec: {
		readonly image?: string;
		readonly remoteURL?: string;
		readonly transport?: string;
		readonly proxyMode?: string;
		readonly proxyPort?: number;
		readonly port?: number;
		readonly mcpPort?: number;
		readonly targetPort?: number;
		readonly args?: readonly string[];
		readonly env?: readonly EnvVar[];
		readonly tools?: readonly string[];
		readonly resources?: { readonly limits?: Text; readonly requests?: Text };
		readonly sessionAffinity?: string;
		readonly serviceType?: string;
		readonly groupRef?: string;
		readonly trustProxyHeaders?: boolean;
		readonly endpointPrefix?: string;
		readonly resourceOverrides?: {
			readonly proxyDeployment?: Override & {
				readonly env?: readonly EnvVar[];
				readonly podTemplateMetadataOverrides?: Override;
			};
			readonly proxyService?: Override;
		};
		readonly oidcConfig?: { readonly inline?: { readonly issuer?: string; readonly audience?: string } };
		readonly incomingAuth?: { readonly type?: string };
		readonly config?: Readonly<Record<string, unknown>>;
	};
	readonly status?: Status;
}

export interface ConfigMap extends KubeObject {
	readonly data: Text;
}

export interface Container {
	readonly name: string;
	readonly image: string;
	readonly args: readonly string[];
	readonly ports?: readonly { readonly name: string; readonly containerPort: number; readonly protocol: string }[];
	readonly env?: readonly EnvVar[];
	readonly resources: object;
}

export interface Deployment extends KubeObject {
	readonly spec: {
		readonly replicas?: number;
		readonly selector: { readonly matchLabels: Text };
		readonly template: {
			readonly metadata: { readonly labels: Text; readonly annotations?: Text };
			readonly spec: { readonly containers: readonly Container[]; readonly serviceAccountName?: string };
		};
	};
}

export interface Service extends KubeObject {
	readonly spec: {
		readonly ports: readonly {
			readonly name: string;
			readonly port: number;
			readonly targetPort: number;
			readonly protocol: string;
		}[];
		readonly selector: Text;
		readonly sessionAffinity: string;
		readonly type?: string;
	};
}

export interface Pod extends KubeObject {
	readonly status?: {
		readonly phase?: string;
		readonly conditions?: readonly { readonly type: string; readonly status: string }[];
	};
}
