/**
 * Strings that other programs must spell the same way. Sources: the ToolHive operator and runner (v0.12.5 to v0.63.0)
 * and the API groups of Kubernetes.
 */

export const GROUP = 'toolhive.stacklok.dev';

/** Whether `apiVersion`, which may have any type, is a ToolHive API version. */
export const isOfToolhive = (apiVersion: unknown): boolean =>
	typeof apiVersion === 'string' && apiVersion.startsWith(`${GROUP}/`);

/** The accepted API versions, the preferred one first. ToolHive has v1beta1 since v0.23.0. */
export const VERSIONS = ['v1beta1', 'v1alpha1'] as const;

export type Kind = 'MCPServer' | 'VirtualMCPServer' | 'MCPRemoteProxy';

/** The names that the operator gives to the objects of one kind of server. */
export interface KindNames {
	readonly plural: string;
	readonly singular: string;
	readonly shortNames: readonly string[];
	/** Value of the label `app` on the proxy Deployment and its Pods. */
	readonly app: string;
	/** Name of the container in the proxy Pod that serves MCP. */
	readonly container: string;
	readonly configMapSuffix: string;
	readonly configKey: string;
	/** The label of a ConfigMap that names its server. */
	readonly configLabel: string;
}

export const KINDS: Readonly<Record<Kind, KindNames>> = {
	MCPServer: {
		plural: 'mcpservers',
		singular: 'mcpserver',
		shortNames: ['mcpserver', 'mcpservers'],
		app: 'mcpserver',
		container: 'toolhive',
		configMapSuffix: '-runconfig',
		configKey: 'runconfig.json',
		configLabel: 'toolhive.stacklok.io/mcp-server',
	},
	VirtualMCPServer: {
		plural: 'virtualmcpservers',
		singular: 'virtualmcpserver',
		shortNames: ['vmcp', 'virtualmcp'],
		app: 'virtualmcpserver',
		container: 'vmcp',
		configMapSuffix: '-vmcp-config',
		configKey: 'config.yaml',
		configLabel: 'toolhive.stacklok.io/virtual-mcp-server',
	},
	MCPRemoteProxy: {
		plural: 'mcpremoteproxies',
		singular: 'mcpremoteproxy',
		shortNames: ['rp', 'mcprp'],
		app: 'mcpremoteproxy',
		container: 'toolhive',
		configMapSuffix: '-runconfig',
		configKey: 'runconfig.json',
		configLabel: 'toolhive.stacklok.io/mcp-remote-proxy',
	},
};

export const KIND_LIST = Object.keys(KINDS) as readonly Kind[];

export const isKind = (value: unknown): value is Kind => typeof value === 'string' && Object.hasOwn(KINDS, value);

export const LABEL_APP = 'app';
export const LABEL_TOOLHIVE = 'toolhive';
export const LABEL_SERVER = 'toolhive-name';
/** The operator uses the domain `.io` for labels of ConfigMaps, and `.dev` for its annotations. */
export const LABEL_MANAGED_BY = 'toolhive.stacklok.io/managed-by';
export const MANAGED_BY_OPERATOR = 'toolhive-operator';

export const CHECKSUM_ANNOTATION = `${GROUP}/content-checksum`;
/** Annotation of the pod template with the checksum of the ConfigMap, so that a changed ConfigMap rolls the Pods. */
export const TEMPLATE_CHECKSUM_ANNOTATION = `${GROUP}/runconfig-checksum`;

const PREFIX = 'toolhive-scaling';
/** The value of the server's `replicas` that toolhive-scaling last wrote to the proxy Deployment. */
export const APPLIED_REPLICAS_ANNOTATION = `${PREFIX}/applied-replicas`;
/** Annotation of a server: a comma-separated list of warning ids to silence. */
export const IGNORE_ANNOTATION = `${PREFIX}/ignore`;

/** Types of status conditions, and the reasons that several modules use. Source: ToolHive v0.13.0. */
export const CONDITION = { capped: 'StdioReplicaCapped', sessionStorage: 'SessionStorageWarning' } as const;
export const CONDITION_REASON = {
	capped: 'StdioTransportCapAt1',
	storageConfigured: 'SessionStorageConfigured',
} as const;

export const PASSWORD_ENV = 'THV_SESSION_REDIS_PASSWORD';

/** The user name of an operator that was installed with the default values of its chart. */
export const DEFAULT_OPERATOR_USERNAME = 'system:serviceaccount:toolhive-system:toolhive-operator';

/** Name of the namespace of toolhive-scaling, and of every object that manifests/ installs once. */
export const INSTALLED_AS = 'toolhive-scaling';

/** The Secret with the certificates that the leader issues. A Secret that the user provides has another type. */
export const CERTIFICATE_SECRET = `${INSTALLED_AS}-certificates`;
export const CERTIFICATE_SECRET_TYPE = `${PREFIX}/certificates`;
