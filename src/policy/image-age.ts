/**
 * A field that the proxy image does not know yet has no effect, or worse.
 * Reads: the proxy container's image tag, backendReplicas, sessionStorage.provider.
 * Allows: a tag that tells no version; nothing is guessed.
 * Versions: toolhive/images.ts.
 */
import { isOlder, SINCE, tagOf, type Version, versionOf, versionText } from '../toolhive/images.ts';
import type { Server } from '../toolhive/types.ts';
import type { Finding, Rule, Surroundings } from './finding.ts';
import { redisOf } from './session-storage.ts';

/** Version of the proxy image, undefined where it is not known. */
export function proxyVersion(server: Server, surroundings: Surroundings): Version | undefined {
	return versionOf(surroundings.deployment?.image ?? server.spec.image) ?? surroundings.oldestRelease;
}

/** Whether the vMCP loader is known to accept `sessionStorage`: it rejects keys it does not know, and crashes. */
export function acceptsSessionStorage(server: Server, surroundings: Surroundings): boolean {
	const version = proxyVersion(server, surroundings);
	return version !== undefined && !isOlder(version, SINCE.vmcpAcceptsSessionStorage);
}

export const imageTooOld: Rule = ({ server, surroundings }) => {
	const version = proxyVersion(server, surroundings);
	if (version === undefined) return undefined;
	const need = needsOf(server).find((one) => isOlder(version, one.since));
	if (need === undefined) return undefined;
	return tooOld(need.field, surroundings.deployment?.image ?? server.spec.image, need.since);
};

/** The finding for a config that an unknown or older vMCP image would reject. */
export function vmcpCannotTakeIt(server: Server, surroundings: Surroundings): Finding {
	return proxyVersion(server, surroundings) === undefined
		? {
				id: 'image-too-old',
				field: 'spec.sessionStorage',
				message: `vMCP image version unknown; ${versionText(SINCE.vmcpAcceptsSessionStorage)} or newer takes it`,
			}
		: tooOld(
				'spec.sessionStorage',
				surroundings.deployment?.image ?? server.spec.image,
				SINCE.vmcpAcceptsSessionStorage,
			);
}

const tooOld = (field: string, image: string | undefined, since: Version): Finding => ({
	id: 'image-too-old',
	field,
	message: `needs a proxy image of ${versionText(since)} or newer, not ${tagOf(image ?? '')}`,
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
	if ((backends ?? 0) > 1) needs.push({ field: 'spec.backendReplicas', since: SINCE.runnerBackendRouting });
	return needs;
}
