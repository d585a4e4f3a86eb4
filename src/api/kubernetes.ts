/** The versions of Kubernetes that the webhook configurations support. */
import { isOlder, parseVersion, type Version } from './images.ts';
import { isObject } from './types.ts';

/** matchConditions are stable since this version, and preStop can sleep. */
export const OLDEST_KUBERNETES: Version = 'v1.30.0';

/** What happens in an older cluster, and how to fix it. */
export const TOO_OLD = {
	effect: 'without matchConditions every object of these kinds waits for the webhooks; proxies get no preStop',
	fix: `upgrade the cluster to ${OLDEST_KUBERNETES} or later`,
} as const;

/** The release in the answer of `/version`. A suffix as in `v1.31.2-eks-1234` or `v1.36.0+k3s1` is not a pre-release. */
export function kubernetesVersionOf(answer: unknown): Version | undefined {
	const text = isObject(answer) ? answer['gitVersion'] : undefined;
	const [release = ''] = /^v\d+\.\d+\.\d+/.exec(String(text)) ?? [];
	return parseVersion(release);
}

export const isTooOld = (version: Version): boolean => isOlder(version, OLDEST_KUBERNETES);
