/**
 * The scaling features of each release of ToolHive's operator.
 * Source: release tags of stacklok/toolhive that contain #3955, #4363, #4364, #4849, #4914, #5148, #5286 and #5237.
 */
import { isOlder, type Version } from './images.ts';

/** For each feature, the first operator release that has it. */
export const OPERATOR_SINCE = {
	/** The operator keeps a replica count that another client wrote. */
	keepsReplicas: 'v0.10.1',
	/** The operator's types have the scaling fields. The writes of older operators erase these fields. */
	knowsScaling: 'v0.13.0',
	/** The operator also adds the RunConfig's checksum to Pods with annotations from `podTemplateMetadataOverrides`. */
	restartsAnnotatedPods: 'v0.16.0',
	/** The operator reports the phase `Ready` for an MCPServer. Older releases report `Running`. */
	phaseReady: 'v0.17.0',
	/** The operator serves v1beta1, so a server in v1beta1 implies this release or a later one. */
	servesV1beta1: 'v0.23.0',
	/** The operator patches servers instead of replacing them, so it does not erase fields that it does not know. */
	patchesServers: 'v0.24.0',
	/** The operator passes the Redis password to the proxy of an MCPServer. */
	passesPassword: 'v0.28.1',
	/** The operator scales MCPRemoteProxy. */
	scalesRemoteProxies: 'v0.30.0',
	/**
	 * The operator mounts the CA of a Redis with TLS and writes it into the RunConfig. v0.47.0 does not; the releases in
	 * between were not tested.
	 */
	carriesRedisTls: 'v0.55.1',
} as const satisfies Record<string, Version>;

/** The behaviour of operators older than `before`, oldest first. */
const DOES: readonly { readonly before: Version; readonly does: string }[] = [
	{ before: OPERATOR_SINCE.keepsReplicas, does: 'overwrites every replica count, so no other client can scale' },
	{ before: OPERATOR_SINCE.knowsScaling, does: 'does not scale; toolhive-scaling adds all scaling settings' },
	{
		before: OPERATOR_SINCE.passesPassword,
		does: "scales, but without an MCPServer's Redis password and without MCPRemoteProxy; toolhive-scaling adds both",
	},
	{
		before: OPERATOR_SINCE.scalesRemoteProxies,
		does: 'scales every kind except MCPRemoteProxy; toolhive-scaling adds scaling for it',
	},
];

export const whatOperatorDoes = (version: Version): string =>
	DOES.find(({ before }) => isOlder(version, before))?.does ??
	'supports scaling; toolhive-scaling adds grace period and preStop, denies and warns';

/** The operator's container and the label of its Deployment, as in the default values of its chart. */
export const OPERATOR_CONTAINER = 'manager';
export const OPERATOR_LABEL = 'app.kubernetes.io/name=toolhive-operator';

/** The environment variables with the images that the operator starts: the proxy runner and vMCP. */
export const RUNNER_IMAGE_VARIABLE = 'TOOLHIVE_RUNNER_IMAGE';
export const VMCP_IMAGE_VARIABLE = 'VMCP_IMAGE';

/** Whether `image` is the operator's, such as `ghcr.io/stacklok/toolhive/operator:v0.12.5`, from any registry. */
export const isOperatorImage = (image: string): boolean => /(^|\/)toolhive\/operator([:@]|$)/.test(image);
