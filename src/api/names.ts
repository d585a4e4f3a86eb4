/**
 * Every string that other programs must spell the same way. Sources: the ToolHive operator and runner (v0.12.5 to
 * v0.62.0) and Kubernetes' own API groups.
 */

export const GROUP = 'toolhive.stacklok.dev';

/** Whether `apiVersion`, which may have any type, is one of ToolHive's. */
export const isOfToolhive = (apiVersion: unknown): boolean =>
	typeof apiVersion === 'string' && apiVersion.startsWith(`${GROUP}/`);

/** Accepted versions, the preferred one first. v1beta1 exists since ToolHive v0.23.0. */
export const VERSIONS = ['v1beta1', 'v1alpha1'] as const;

export type Kind = 'MCPServer' | 'VirtualMCPServer' | 'MCPRemoteProxy';

/** What the operator calls the things it makes for one kind of server. */
export interface KindNames {
	readonly plural: string;
	readonly singular: string;
	readonly shortNames: readonly string[];
	/** Value of the label `app` on the proxy Deployment and its pods. */
	readonly app: string;
	/** Name of the container that serves MCP in the proxy pod. */
	readonly container: string;
	readonly configMapSuffix: string;
	readonly configKey: string;
	/** Label of the ConfigMap that names the server. */
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
/** ConfigMaps of the operator carry `.io` labels, while its annotations are `.dev`. */
export const LABEL_MANAGED_BY = 'toolhive.stacklok.io/managed-by';
export const MANAGED_BY_OPERATOR = 'toolhive-operator';

export const CHECKSUM_ANNOTATION = `${GROUP}/content-checksum`;
/** On the pod template: the ConfigMap's checksum, so that a change of it rolls the pods. */
export const TEMPLATE_CHECKSUM_ANNOTATION = `${GROUP}/runconfig-checksum`;

const PREFIX = 'toolhive-scaling';
/** The server's `replicas` that toolhive-scaling last wrote to the proxy Deployment. */
export const APPLIED_REPLICAS_ANNOTATION = `${PREFIX}/applied-replicas`;
/** On a server: comma list of warning ids to silence. */
export const IGNORE_ANNOTATION = `${PREFIX}/ignore`;

/** Types of status conditions, and the reasons that more than one module needs. Source: ToolHive v0.13.0. */
export const CONDITION = { capped: 'StdioReplicaCapped', sessionStorage: 'SessionStorageWarning' } as const;
export const CONDITION_REASON = {
	capped: 'StdioTransportCapAt1',
	storageConfigured: 'SessionStorageConfigured',
} as const;

export const PASSWORD_ENV = 'THV_SESSION_REDIS_PASSWORD';

/** The user name of an operator that its chart installed with default values. */
export const DEFAULT_OPERATOR_USERNAME = 'system:serviceaccount:toolhive-system:toolhive-operator';

/** Name of every object that manifests/ installs once, and of their namespace. */
export const INSTALLED_AS = 'toolhive-scaling';

/** The Secret with the certificates that the leader issues. A provided Secret has another type. */
export const CERTIFICATE_SECRET = `${INSTALLED_AS}-certificates`;
export const CERTIFICATE_SECRET_TYPE = `${PREFIX}/certificates`;
