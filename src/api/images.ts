/**
 * Which image tag of a ToolHive proxy can do what.
 * Source: release tags of stacklok/toolhive that contain #4239, #4387, #4479 and #4525.
 */
// One function per file: the package as a whole takes four times as long to load.
import lt from 'semver/functions/lt.js';
import valid from 'semver/functions/valid.js';

/** A semantic version as tags spell it: `v0.16.0`, `v0.16.0-rc.1`. */
export type Version = string;

/** First released version with a capability. */
export const SINCE = {
	/** The runner applies `backend_replicas` to the StatefulSet. */
	runnerBackendReplicas: 'v0.12.5',
	/** The runner reads `session_redis`. */
	runnerSessionRedis: 'v0.16.0',
	/** The runner applies the backend StatefulSet with its environment in the same order at each start. */
	runnerKeepsEnvOrder: 'v0.27.0',
	/** vMCP's strict config loader knows the key `sessionStorage`; an older one crashes on it. */
	vmcpAcceptsSessionStorage: 'v0.13.1',
	/** vMCP keeps its sessions there. */
	vmcpUsesSessionStorage: 'v0.16.0',
} as const satisfies Record<string, Version>;

/** The release whose runner was tested on a real node, with Redis and clients, beside operators v0.12.5 and v0.47.0. */
export const TESTED_RUNNER: Version = 'v0.47.0';

/** The tag of an image reference, undefined if it has none. */
export function tagOf(image: string): string | undefined {
	const [reference = ''] = image.split('@');
	return reference.slice(reference.lastIndexOf('/') + 1).split(':')[1];
}

/** `image` with the tag of a release instead of its own tag and digest. */
export function withVersion(image: string, version: Version): string {
	const [reference = ''] = image.split('@');
	const tag = tagOf(image);
	return `${tag === undefined ? reference : reference.slice(0, -tag.length - 1)}:${version}`;
}

/** The version in `text`, with or without `v`; undefined if it is not a semantic version. */
export function parseVersion(text: string): Version | undefined {
	const version = valid(text);
	return version === null ? undefined : `v${version}`;
}

/** The version of an image, or undefined if its tag is not a version (`latest`, a digest alone, a fork's tag). */
export const versionOf = (image: string | undefined): Version | undefined => parseVersion(tagOf(image ?? '') ?? '');

/** Whether `version` is older than `since`. A pre-release (`v0.16.0-rc.1`) is older than its release. */
export const isOlder = (version: Version, since: Version): boolean => lt(version, since);
