/**
 * Warns about fields that the proxy image does not support: such a field has no effect, or the proxy does not start. An
 * image without a version in its tag is not checked.
 */
import { isOlder, SINCE, tagOf, type Version, versionOf } from '../api/images.ts';
import type { Server } from '../api/types.ts';
import type { Check, ClusterContext, ConfigSubject, Subject, Text } from './finding.ts';
import { redisOf } from './session-storage.ts';

const imageOf = (server: Server, { deployment }: ClusterContext): string | undefined =>
	deployment?.image ?? server.spec.image;

/** Returns the version of the proxy image, or undefined if it is not known. */
export function proxyVersion(server: Server, clusterContext: ClusterContext): Version | undefined {
	return versionOf(imageOf(server, clusterContext)) ?? clusterContext.oldestRelease;
}

/**
 * Whether the vMCP image is known to accept `sessionStorage`. The loader of vMCP rejects unknown keys, and vMCP
 * crashes.
 */
export function acceptsSessionStorage(server: Server, clusterContext: ClusterContext): boolean {
	const version = proxyVersion(server, clusterContext);
	return version !== undefined && !isOlder(version, SINCE.vmcpAcceptsSessionStorage);
}

export const imageTooOld: Check = ({ server, clusterContext }) => {
	const version = proxyVersion(server, clusterContext);
	if (version === undefined) return undefined;
	const sinceRedis = server.kind === 'VirtualMCPServer' ? SINCE.vmcpUsesSessionStorage : SINCE.runnerSessionRedis;
	if (redisOf(server) !== undefined && isOlder(version, sinceRedis))
		return tooOld('spec.sessionStorage', imageOf(server, clusterContext), sinceRedis);
	if (server.spec.backendReplicas !== undefined && isOlder(version, SINCE.runnerBackendReplicas))
		return tooOld('spec.backendReplicas', imageOf(server, clusterContext), SINCE.runnerBackendReplicas);
	return undefined;
};

const MAY_ROLL = 'a proxy that starts while the webhooks are down may roll the backend and end its sessions';

/**
 * Warns about a proxy that may reorder the variables of the backend. The webhooks do not report this, because the
 * StatefulSet keeps its stored order as long as they respond.
 */
export function backendMayRoll({ server, clusterContext }: Subject): string | undefined {
	const version = proxyVersion(server, clusterContext);
	const since = SINCE.runnerKeepsEnvOrder;
	if (server.kind !== 'MCPServer' || version === undefined || !isOlder(version, since)) return undefined;
	return `proxy image ${tagOf(imageOf(server, clusterContext) ?? '')} is older than ${since}: ${MAY_ROLL}`;
}

/** Warns about a config that an older vMCP image, or one of unknown version, would reject. */
export function imageRefusesConfig({ server, clusterContext, isRefusedByImage }: ConfigSubject): Text | undefined {
	if (!isRefusedByImage) return undefined;
	const field = 'spec.sessionStorage';
	const since = SINCE.vmcpAcceptsSessionStorage;
	return proxyVersion(server, clusterContext) === undefined
		? { field, message: `the vMCP image must be ${since} or later; its version is unknown` }
		: tooOld(field, imageOf(server, clusterContext), since);
}

const tooOld = (field: string, image: string | undefined, since: Version): Text => ({
	field,
	message: `needs a proxy image of ${since} or later, not ${tagOf(image ?? '')}`,
});
