/** Types for the parts of Kubernetes objects that the operator reads or writes. */

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
	readonly ownerReferences?: readonly object[];
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
	readonly url?: string;
	readonly [field: string]: unknown;
}

export interface EnvVar {
	readonly name: string;
	readonly value?: string;
	readonly valueFrom?: unknown;
}

/** An MCPServer, VirtualMCPServer or MCPRemoteProxy. The type has only the fields that this folder reads. */
export interface ServerObject extends KubeObject {
	readonly spec: {
		readonly image?: string;
		readonly remoteURL?: string;
		readonly transport?: string;
		readonly proxyMode?: string;
		readonly proxyPort?: number;
		readonly mcpPort?: number;
		readonly args?: readonly string[];
		readonly env?: readonly EnvVar[];
		readonly sessionAffinity?: string;
		readonly resourceOverrides?: { readonly proxyDeployment?: { readonly env?: readonly EnvVar[] } };
		readonly oidcConfig?: { readonly inline?: { readonly issuer?: string; readonly audience?: string } };
		readonly incomingAuth?: { readonly type?: string };
		readonly config?: { readonly groupRef?: string };
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
	readonly env?: readonly EnvVar[];
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
