/** Checks the version of the API server. Old versions do not support features that the webhook configurations use. */
import { isOlder } from '../api/images.ts';
import { isTooOld, kubernetesVersionOf, OLDEST_KUBERNETES, TOO_OLD } from '../api/kubernetes.ts';
import { isObject } from '../api/types.ts';
import { type CheckResult, fail, ok, warn } from './check-result.ts';
import type { DoctorCheck } from './context.ts';

export const checkApiServer: DoctorCheck = async ({ url, version }) => apiServer(url, await version());

export function apiServer(url: string, answer: unknown): CheckResult[] {
	const version = kubernetesVersionOf(answer);
	const subject = `Kubernetes at ${url}`;
	if (version === undefined) {
		const fix = `check that Kubernetes is ${OLDEST_KUBERNETES} or later: kubectl version`;
		return [warn(subject, 'does not report its version', fix)];
	}
	const is = `is ${String(isObject(answer) && answer['gitVersion'])}`;
	return [isTooOld(version) ? fail(subject, `${is}: ${TOO_OLD.effect}`, TOO_OLD.fix) : ok(subject, is)];
}

/** Whether the API server supports `dryRun`. Versions before 1.18 may ignore `dryRun` and store the object. */
export const knowsDryRun = (answer: unknown): boolean => {
	const version = kubernetesVersionOf(answer);
	return version !== undefined && !isOlder(version, 'v1.18.0');
};
