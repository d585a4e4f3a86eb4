/** The parts of the manifests that the tests speak of. */

export interface Webhook {
	readonly name: string;
	readonly rules: readonly Rule[];
	readonly objectSelector?: Selector;
	readonly namespaceSelector?: Selector;
	readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[];
	readonly matchPolicy?: string;
	readonly failurePolicy?: string;
	readonly reinvocationPolicy?: string;
	readonly sideEffects: string;
	readonly timeoutSeconds?: number;
	readonly admissionReviewVersions: readonly string[];
	readonly clientConfig: {
		readonly service: {
			readonly name: string;
			readonly namespace: string;
			readonly path: string;
			readonly port: number;
		};
	};
}

export interface Rule {
	readonly apiGroups: readonly string[];
	readonly apiVersions: readonly string[];
	readonly resources: readonly string[];
	readonly operations: readonly string[];
	readonly scope: string;
}

export interface Selector {
	readonly matchLabels?: Readonly<Record<string, string>>;
	readonly matchExpressions?: readonly {
		readonly key: string;
		readonly operator: string;
		readonly values?: readonly string[];
	}[];
}

export interface PodTemplate {
	readonly metadata: { readonly labels: Readonly<Record<string, string>> };
	readonly spec: PodSpec;
}

export interface PodSpec {
	readonly serviceAccountName: string;
	readonly automountServiceAccountToken: boolean;
	readonly enableServiceLinks: boolean;
	readonly terminationGracePeriodSeconds: number;
	readonly priorityClassName?: string;
	readonly hostNetwork?: boolean;
	readonly dnsPolicy?: string;
	readonly imagePullSecrets?: readonly { readonly name: string }[];
	readonly securityContext: Readonly<Record<string, unknown>>;
	readonly topologySpreadConstraints: readonly {
		readonly topologyKey: string;
		readonly whenUnsatisfiable: string;
		readonly labelSelector: Selector;
	}[];
	readonly containers: readonly Container[];
	readonly volumes: readonly Volume[];
}

export interface Container {
	readonly args: readonly string[];
	readonly image: string;
	readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
	readonly livenessProbe: Probe;
	readonly readinessProbe: Probe;
	readonly startupProbe: Probe;
	readonly resources: Readonly<Record<'requests' | 'limits', Readonly<Record<string, string>>>>;
	readonly securityContext: Readonly<Record<string, unknown>>;
	readonly volumeMounts: readonly {
		readonly name: string;
		readonly mountPath: string;
		readonly readOnly?: boolean;
		readonly subPath?: string;
	}[];
}

export interface Probe {
	readonly httpGet: { readonly path: string; readonly port: string };
	readonly timeoutSeconds?: number;
	readonly terminationGracePeriodSeconds?: number;
}

export interface Volume {
	readonly name: string;
	readonly secret?: {
		readonly secretName: string;
		readonly items: readonly { readonly key: string; readonly path: string }[];
	};
	readonly hostPath?: unknown;
}

export interface Service {
	readonly selector: Readonly<Record<string, string>>;
	readonly ports: readonly { readonly port: number; readonly targetPort: string }[];
}
