/** Which Kubernetes the registrations are written for. */
import { isOlder, type Version, versionText } from './images.ts';
import { isObject } from './types.ts';

/** matchConditions are stable since then, and preStop may sleep. */
const OLDEST: Version = [1, 30, 0];
export const OLDEST_KUBERNETES = versionText(OLDEST);

/** What an older one does with them, and what to do about that. */
export const TOO_OLD = {
	effect: 'without matchConditions every object of these kinds waits for the webhooks; proxies get no preStop',
	fix: `upgrade the cluster to ${OLDEST_KUBERNETES} or later`,
} as const;

/** What `/version` answers. `v1.31.2-eks-1234` and `v1.36.0+k3s1` too; undefined where it tells none. */
export function kubernetesVersionOf(answer: unknown): Version | undefined {
	const text = isObject(answer) ? answer['gitVersion'] : undefined;
	const match = /^v(\d{1,4})\.(\d{1,4})\.(\d{1,4})/.exec(String(text));
	return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3])];
}

export const isTooOld = (version: Version): boolean => isOlder(version, OLDEST);
