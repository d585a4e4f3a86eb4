/**
 * A field that the proxy image does not know yet has no effect, or worse.
 * Reads: the proxy container's image tag, backendReplicas, sessionStorage.provider.
 * Allows: a tag that tells no version; nothing is guessed.
 * Versions: api/images.ts.
 */
import { isOlder, SINCE, tagOf, type Version, versionOf } from '../api/images.ts';
import type { Server } from '../api/types.ts';
import type { Check, ClusterContext, ConfigSubject, Subject, Text } from './finding.ts';
import { redisOf } from './session-storage.ts';

const imageOf = (server: Server, { deployment }: ClusterContext): string | undefined =>
	deployment?.image ?? server.spec.image;

/** Version of the proxy image, undefined where it is not known. */
export function proxyVersion(server: Server, surroundings: ClusterContext): Version | undefined {
	return versionOf(imageOf(server, surroundings)) ?? surroundings.oldestRelease;
}

/** Whether the vMCP loader is known to accept `sessionStorage`: it rejects keys it does not know, and crashes. */
export function acceptsSessionStorage(server: Server, surroundings: ClusterContext): boolean {
	const version = proxyVersion(server, surroundings);
	return version !== undefined && !isOlder(version, SINCE.vmcpAcceptsSessionStorage);
}

export const imageTooOld: Check = ({ server, surroundings }) => {
	const version = proxyVersion(server, surroundings);
	if (version === undefined) return undefined;
	const need = needsOf(server).find((one) => isOlder(version, one.since));
	if (need === undefined) return undefined;
	return tooOld(need.field, imageOf(server, surroundings), need.since);
};

const MAY_ROLL = 'a proxy that starts while the webhooks are down may roll the backend and end its sessions';

/** Not a warning at each write of the server: the webhook on the backend StatefulSet keeps the stored order. */
export function backendMayRoll({ server, surroundings }: Subject): string | undefined {
	const version = proxyVersion(server, surroundings);
	if (server.kind !== 'MCPServer' || version === undefined) return undefined;
	const since = SINCE.runnerKeepsEnvOrder;
	if (!isOlder(version, since)) return undefined;
	return `proxy image ${tagOf(imageOf(server, surroundings) ?? '')} is older than ${since}: ${MAY_ROLL}`;
}

/** For a config that an unknown or older vMCP image would reject. */
export function imageRefusesConfig({ server, surroundings, isRefusedByImage }: ConfigSubject): Text | undefined {
	if (!isRefusedByImage) return undefined;
	return proxyVersion(server, surroundings) === undefined
		? {
				field: 'spec.sessionStorage',
				message: `vMCP image version unknown; ${SINCE.vmcpAcceptsSessionStorage} or newer takes it`,
			}
		: tooOld('spec.sessionStorage', imageOf(server, surroundings), SINCE.vmcpAcceptsSessionStorage);
}

const tooOld = (field: string, image: string | undefined, since: Version): Text => ({
	field,
	message: `needs a proxy image of ${since} or newer, not ${tagOf(image ?? '')}`,
});

function needsOf(server: Server): { field: string; since: Version }[] {
	const needs: { field: string; since: Version }[] = [];
	const backends = server.spec.backendReplicas;
	if (redisOf(server) !== undefined) {
		const isVmcp = server.kind === 'VirtualMCPServer';
		const since = isVmcp ? SINCE.vmcpUsesSessionStorage : SINCE.runnerSessionRedis;
		needs.push({ field: 'spec.sessionStorage', since });
	}
	if (backends !== undefined) needs.push({ field: 'spec.backendReplicas', since: SINCE.runnerBackendReplicas });
	return needs;
}
