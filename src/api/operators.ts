/**
 * Which release of ToolHive's operator does what of scaling.
 * Source: release tags of stacklok/toolhive that contain #3955, #4363, #4364, #4849, #4914, #5148, #5286 and #5237.
 */
import { isOlder, type Version } from './images.ts';

/** Smallest released version with a trait. */
export const OPERATOR_SINCE = {
	/** It leaves a replica count alone that it did not choose. */
	keepsReplicas: 'v0.10.1',
	/** Its types have the scaling fields: until then its writes erase them. */
	knowsScaling: 'v0.13.0',
	/** Pods with annotations of `podTemplateMetadataOverrides` carry the checksum of their RunConfig too. */
	restartsAnnotatedPods: 'v0.16.0',
	/** It writes phase `Ready` of an MCPServer, and before `Running`. */
	phaseReady: 'v0.17.0',
	/** It serves v1beta1, so a server written in v1beta1 is for this release or a later one. */
	servesV1beta1: 'v0.23.0',
	/** It patches servers and replaces none, so it erases nothing it does not know. */
	patchesServers: 'v0.24.0',
	/** It gives an MCPServer's proxy the Redis password. */
	passesPassword: 'v0.28.1',
	/** It scales MCPRemoteProxy. */
	scalesRemoteProxies: 'v0.30.0',
	/** It mounts the CA of a Redis with TLS, and writes it into the RunConfig. */
	carriesRedisTls: 'v0.62.0',
} as const satisfies Record<string, Version>;

/** What an operator older than `before` does, oldest first. */
const DOES: readonly { readonly before: Version; readonly does: string }[] = [
	{ before: OPERATOR_SINCE.keepsReplicas, does: 'overwrites every replica count, so no other client can scale' },
	{ before: OPERATOR_SINCE.knowsScaling, does: 'does not scale; toolhive-scaling adds all scaling settings' },
	{
		before: OPERATOR_SINCE.passesPassword,
		does: "scales, but without an MCPServer's Redis password and without MCPRemoteProxy; toolhive-scaling adds both",
	},
	{
		before: OPERATOR_SINCE.scalesRemoteProxies,
		does: 'scales every kind but MCPRemoteProxy; toolhive-scaling adds that',
	},
];

export const whatOperatorDoes = (version: Version): string =>
	DOES.find(({ before }) => isOlder(version, before))?.does ?? 'scales by itself; toolhive-scaling checks and warns';

/** The operator's container and the label of its Deployment, as its chart sets them by default. */
export const OPERATOR_CONTAINER = 'manager';
export const OPERATOR_LABEL = 'app.kubernetes.io/name=toolhive-operator';

/** The images that it starts: of MCPServer and MCPRemoteProxy, and of VirtualMCPServer. */
export const RUNNER_IMAGE_VARIABLE = 'TOOLHIVE_RUNNER_IMAGE';
export const VMCP_IMAGE_VARIABLE = 'VMCP_IMAGE';

/** `ghcr.io/stacklok/toolhive/operator:v0.12.5`, from whatever registry. */
export const isOperatorImage = (image: string): boolean => /(^|\/)toolhive\/operator([:@]|$)/.test(image);
