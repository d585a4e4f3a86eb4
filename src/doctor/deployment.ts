/** The product itself: its pods, and the Lease of the one that reconciles. */

import { isObject, type Json } from '../api/types.ts';
import { textOf } from '../objects/metadata.ts';
import type { Settings as PolicySettings } from '../policy/settings.ts';
import { type CheckResult, fail, ok, shellWord, warn } from './check-result.ts';
import type { Named } from './cluster.ts';
import { lookIn } from './fixes.ts';
import type { Installation } from './installation.ts';

/** How `serve` reads its flags; a text where it refuses them. */
export interface ServeFlags {
	readonly operatorUsernames: readonly string[];
	readonly passwordEnv: string;
	readonly shutdown: Pick<PolicySettings, 'gracePeriodSeconds' | 'preStopSeconds'>;
	readonly isReconciling: boolean;
	readonly isElected: boolean;
	/** The leader makes the certificates. */
	readonly isSelfManaged: boolean;
	readonly hasNamespaceLabel: boolean;
}

export type ReadServeFlags = (installation: Installation) => ServeFlags | string;

const fullName = ({ namespace, name }: Named): string => `${namespace}/${name}`;
const logsOf = ({ namespace, name }: Named): string =>
	`kubectl describe pods -n ${shellWord(namespace)}; kubectl logs -n ${shellWord(namespace)} deployment/${shellWord(name)}`;

/** `leads`: where the registrations do; out of the cluster, no Deployment is expected. */
export function deployment(
	named: Named,
	installation: Installation | undefined,
	settings: ServeFlags | string | undefined,
	leads: 'here' | 'outside' | Named,
	install: string,
): CheckResult[] {
	const subject = fullName(named);
	if (installation === undefined) {
		if (leads === 'here') return [fail(subject, 'is not there', `name where it is with --namespace, or ${install}`)];
		if (leads !== 'outside') {
			const message = `is not there: the registrations lead to Service ${fullName(leads)}`;
			return [fail(subject, message, lookIn(leads.namespace))];
		}
		const message = 'is not there: the registrations lead to a process outside the cluster';
		return [warn(subject, message, 'nothing to mend if that is meant; else name where it is: --namespace')];
	}
	const { replicas, readyReplicas, image } = installation;
	const runs = `has ${readyReplicas} of ${replicas} replicas ready, image ${image}`;
	const state =
		readyReplicas === 0
			? fail(subject, `${runs}: nobody answers`, logsOf(named))
			: readyReplicas < replicas
				? warn(subject, runs, logsOf(named))
				: ok(subject, runs);
	if (typeof settings !== 'string') return [state];
	const edit = `kubectl edit -n ${shellWord(named.namespace)} deployment/${shellWord(named.name)}`;
	return [state, fail(subject, `has settings that serve refuses: ${settings}`, edit)];
}

/** Renewed every 2 s. More than a clock that is a little wrong. */
const STALE_MS = 60_000;

export function lease(
	named: Named,
	object: Json | undefined,
	settings: ServeFlags | string | undefined,
	nowMs: number,
): CheckResult[] {
	const subject = fullName(named);
	if (typeof settings === 'object') {
		const { isElected, isReconciling, isSelfManaged } = settings;
		if (!isElected) return [ok(subject, 'is not used: --leader-elect=false')];
		if (!isReconciling && !isSelfManaged) return [ok(subject, 'is not used: --reconcile=false')];
	}
	if (object === undefined) return [warn(subject, 'is not there: nobody reconciles', logsOf(named))];
	const spec = isObject(object['spec']) ? object['spec'] : {};
	const holder = textOf(spec['holderIdentity']);
	if (!holder) return [warn(subject, 'is held by nobody: nobody reconciles', logsOf(named))];
	const ageMs = nowMs - Date.parse(String(spec['renewTime']));
	if (ageMs < STALE_MS) return [ok(subject, `is held by ${holder}`)];
	const age = Number.isNaN(ageMs) ? 'never' : `${Math.round(ageMs / 1000)} s ago`;
	return [warn(subject, `is held by ${holder} but was renewed ${age}: nobody reconciles`, logsOf(named))];
}
