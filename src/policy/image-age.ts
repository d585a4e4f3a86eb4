/** A field that the proxy image does not know has no effect, or the proxy does not start. A tag without a version is not judged. */
import { isOlder, SINCE, tagOf, type Version, versionOf } from '../api/images.ts';
import type { Server } from '../api/types.ts';
import type { Check, ClusterContext, ConfigSubject, Subject, Text } from './finding.ts';
import { redisOf } from './session-storage.ts';

const imageOf = (server: Server, { deployment }: ClusterContext): string | undefined =>
	deployment?.image ?? server.spec.image;

/** Version of the proxy image, undefined if it is not known. */
export function proxyVersion(server: Server, clusterContext: ClusterContext): Version | undefined {
	return versionOf(imageOf(server, clusterContext)) ?? clusterContext.oldestRelease;
}

/** Whether the vMCP loader is known to accept `sessionStorage`: it rejects keys it does not know, and crashes. */
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

/** Not a warning at each write of the server: the webhook on the backend StatefulSet keeps the stored order. */
export function backendMayRoll({ server, clusterContext }: Subject): string | undefined {
	const version = proxyVersion(server, clusterContext);
	const since = SINCE.runnerKeepsEnvOrder;
	if (server.kind !== 'MCPServer' || version === undefined || !isOlder(version, since)) return undefined;
	return `proxy image ${tagOf(imageOf(server, clusterContext) ?? '')} is older than ${since}: ${MAY_ROLL}`;
}

/** For a config that an unknown or older vMCP image would reject. */
export function imageRefusesConfig({ server, clusterContext, isRefusedByImage }: ConfigSubject): Text | undefined {
	if (!isRefusedByImage) return undefined;
	const field = 'spec.sessionStorage';
	const since = SINCE.vmcpAcceptsSessionStorage;
	return proxyVersion(server, clusterContext) === undefined
		? { field, message: `vMCP image version unknown; ${since} or later supports it` }
		: tooOld(field, imageOf(server, clusterContext), since);
}

const tooOld = (field: string, image: string | undefined, since: Version): Text => ({
	field,
	message: `needs a proxy image of ${since} or later, not ${tagOf(image ?? '')}`,
});
