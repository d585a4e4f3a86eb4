/** The Kubernetes versions that the webhook configurations support. */
import { isOlder, parseVersion, type Version } from './images.ts';
import { isObject } from './types.ts';

/** The first Kubernetes version in which matchConditions are stable and a preStop hook can sleep. */
export const OLDEST_KUBERNETES: Version = 'v1.30.0';

/** The effect of an older Kubernetes version, and its fix. */
export const TOO_OLD = {
	effect:
		'without matchConditions the API server calls the webhooks for objects without scaling; proxies get no preStop',
	fix: `upgrade the cluster to ${OLDEST_KUBERNETES} or later`,
} as const;

/**
 * Returns the release in a `/version` response. A suffix as in `v1.31.2-eks-1234` or `v1.36.0+k3s1` is not a
 * pre-release.
 */
export function kubernetesVersionOf(answer: unknown): Version | undefined {
	const text = isObject(answer) ? answer['gitVersion'] : undefined;
	const [release = ''] = /^v\d+\.\d+\.\d+/.exec(String(text)) ?? [];
	return parseVersion(release);
}

export const isTooOld = (version: Version): boolean => isOlder(version, OLDEST_KUBERNETES);
