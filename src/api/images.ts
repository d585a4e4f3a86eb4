/**
 * Which image tag of a ToolHive proxy can do what.
 * Source: release tags of stacklok/toolhive that contain #4239, #4387, #4479 and #4525.
 */

/** Smallest released version with a capability, as [major, minor, patch]. */
export const SINCE = {
	/** The runner applies `backend_replicas` to the StatefulSet. */
	runnerBackendReplicas: [0, 12, 5],
	/** The runner reads `session_redis`. */
	runnerSessionRedis: [0, 16, 0],
	/** The runner applies the backend StatefulSet with its environment in the same order at each start. */
	runnerKeepsEnvOrder: [0, 27, 0],
	/** vMCP's strict config loader knows the key `sessionStorage`; an older one crashes on it. */
	vmcpAcceptsSessionStorage: [0, 13, 1],
	/** vMCP keeps its sessions there. */
	vmcpUsesSessionStorage: [0, 16, 0],
} as const satisfies Record<string, Version>;

/** The release whose runner was run on a real node, with Redis and MCP clients, beside operators v0.12.5 and v0.47.0. */
export const TESTED_RUNNER: Version = [0, 47, 0];

export type Version = readonly [number, number, number];

/** The tag of an image reference, undefined where it has none. */
export function tagOf(image: string): string | undefined {
	const [reference = ''] = image.split('@');
	return reference.slice(reference.lastIndexOf('/') + 1).split(':')[1];
}

/** `image` with the tag of a release instead of its own tag and digest. */
export function withVersion(image: string, version: Version): string {
	const [reference = ''] = image.split('@');
	const tag = tagOf(image);
	const repository = tag === undefined ? reference : reference.slice(0, -tag.length - 1);
	return `${repository}:${versionText(version)}`;
}

/**
 * The version in an image reference, or undefined where the tag does not tell one (`latest`, a digest alone, a fork's tag).
 * A pre-release (`v0.16.0-rc.1`) counts as the release before it, so that nothing is promised too early.
 */
export function versionOf(image: string | undefined): Version | undefined {
	if (image === undefined) return undefined;
	const tag = tagOf(image);
	const match = /^v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(-[0-9A-Za-z.-]+)?$/.exec(tag ?? '');
	if (match === null) return undefined;
	const release: Version = [Number(match[1]), Number(match[2]), Number(match[3])];
	return match[4] === undefined ? release : [release[0], release[1], release[2] - 0.5];
}

/** Whether `version` is older than `since`. */
export function isOlder(version: Version, since: Version): boolean {
	for (let part = 0; part < 3; part += 1) {
		const difference = (version[part] ?? 0) - (since[part] ?? 0);
		if (difference !== 0) return difference < 0;
	}
	return false;
}

/** `v0.16.0` */
export const versionText = (version: Version): string => `v${version.join('.')}`;
