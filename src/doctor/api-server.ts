/** The API server: it answers, and knows the conditions that the registrations are written with. */
import { isOlder } from '../api/images.ts';
import { isTooOld, kubernetesVersionOf, OLDEST_KUBERNETES, TOO_OLD } from '../api/kubernetes.ts';
import { isObject } from '../api/types.ts';
import { type CheckResult, fail, ok, warn } from './check-result.ts';

export function apiServer(url: string, answer: unknown): CheckResult[] {
	const version = kubernetesVersionOf(answer);
	const subject = `Kubernetes at ${url}`;
	if (version === undefined) {
		const fix = `see that it is ${OLDEST_KUBERNETES} or later: kubectl version`;
		return [warn(subject, 'does not tell its version', fix)];
	}
	const is = `is ${String(isObject(answer) && answer['gitVersion'])}`;
	return [isTooOld(version) ? fail(subject, `${is}: ${TOO_OLD.effect}`, TOO_OLD.fix) : ok(subject, is)];
}

/** From then on it knows what a dry run is; an older one would store the object. */
export const knowsDryRun = (answer: unknown): boolean => {
	const version = kubernetesVersionOf(answer);
	return version !== undefined && !isOlder(version, 'v1.18.0');
};
