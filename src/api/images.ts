/**
 * The image tags of ToolHive's proxies and the features of each release.
 * Source: release tags of stacklok/toolhive that contain #4239, #4387, #4479 and #4525.
 */
// Imports one function per file, because the whole package takes four times as long to load.
import lt from 'semver/functions/lt.js';
import valid from 'semver/functions/valid.js';

/** A semantic version in the form of an image tag: `v0.16.0`, `v0.16.0-rc.1`. */
export type Version = string;

/** For each feature, the first ToolHive release that has it. */
export const SINCE = {
	/** The runner applies `backend_replicas` to the StatefulSet. */
	runnerBackendReplicas: 'v0.12.5',
	/** The runner reads `session_redis`. */
	runnerSessionRedis: 'v0.16.0',
	/** The runner applies the environment of the backend StatefulSet in the same order at each start. */
	runnerKeepsEnvOrder: 'v0.27.0',
	/** The strict config loader of vMCP accepts the key `sessionStorage`. An older vMCP crashes on this key. */
	vmcpAcceptsSessionStorage: 'v0.13.1',
	/** vMCP stores its sessions in the storage that `sessionStorage` names. */
	vmcpUsesSessionStorage: 'v0.16.0',
} as const satisfies Record<string, Version>;

/**
 * The release whose runner was tested on a real node with Redis and MCP clients, together with operators v0.12.5 and
 * v0.47.0.
 */
export const TESTED_RUNNER: Version = 'v0.47.0';

/** Returns the tag of an image reference, or undefined if it has none. */
export function tagOf(image: string): string | undefined {
	const [reference = ''] = image.split('@');
	return reference.slice(reference.lastIndexOf('/') + 1).split(':')[1];
}

/** Returns `image` with the tag of a release in place of its own tag and digest. */
export function withVersion(image: string, version: Version): string {
	const [reference = ''] = image.split('@');
	const tag = tagOf(image);
	return `${tag === undefined ? reference : reference.slice(0, -tag.length - 1)}:${version}`;
}

/** Returns the version in `text`, with or without `v`, or undefined if it is not a semantic version. */
export function parseVersion(text: string): Version | undefined {
	const version = valid(text);
	return version === null ? undefined : `v${version}`;
}

/**
 * Returns the version of an image, or undefined if its tag is not a version (`latest`, a digest alone, the tag of a
 * fork).
 */
export const versionOf = (image: string | undefined): Version | undefined => parseVersion(tagOf(image ?? '') ?? '');

/** Whether `version` is older than `since`. A pre-release (`v0.16.0-rc.1`) is older than its release. */
export const isOlder = (version: Version, since: Version): boolean => lt(version, since);
