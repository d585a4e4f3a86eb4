/** The API server: it answers, and knows the conditions that the registrations are written with. */
import { isOlder, type Version, versionText } from '../toolhive/images.ts';
import { isObject } from '../toolhive/types.ts';
import { fail, ok, type Saying, warn } from './saying.ts';

/** matchConditions are stable since then. */
const OLDEST: Version = [1, 30, 0];

export function apiServer(url: string, answer: unknown): Saying[] {
	const version = kubernetesVersionOf(answer);
	const subject = `Kubernetes at ${url}`;
	if (version === undefined) {
		const remedy = `see that it is ${versionText(OLDEST)} or later: kubectl version`;
		return [warn(subject, 'does not tell its version', remedy)];
	}
	const is = `is ${String(isObject(answer) && answer['gitVersion'])}`;
	if (!isOlder(version, OLDEST)) return [ok(subject, is)];
	const lacks = `${is}: without matchConditions every object of these kinds waits for the webhooks`;
	return [fail(subject, lacks, `upgrade the cluster to ${versionText(OLDEST)} or later`)];
}

/** `v1.31.2-eks-1234` and `v1.36.0+k3s1` too. */
export function kubernetesVersionOf(answer: unknown): Version | undefined {
	const text = isObject(answer) ? answer['gitVersion'] : undefined;
	const match = /^v(\d{1,4})\.(\d{1,4})\.(\d{1,4})/.exec(String(text));
	return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3])];
}

/** From then on it knows what a dry run is; an older one would store the object. */
export const knowsDryRun = (answer: unknown): boolean => {
	const version = kubernetesVersionOf(answer);
	return version !== undefined && !isOlder(version, [1, 18, 0]);
};
