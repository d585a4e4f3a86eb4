/** HorizontalPodAutoscalers that fight over a count, by the rules that warn of them. */

import { KINDS } from '../api/names.ts';
import type { Autoscaler, Server } from '../api/types.ts';
import { serverFindings } from '../policy/rules.ts';
import { type CheckResult, ok, shellWord, warn } from './check-result.ts';

export function autoscalers(servers: readonly Server[], found: readonly Autoscaler[]): CheckResult[] {
	const targets = Map.groupBy(found, ({ namespace, target }) => `${namespace}/${target}`);
	const sayings = servers.flatMap((server) =>
		(targets.get(`${server.namespace}/${server.name}`) ?? []).flatMap((autoscaler) => judge(server, autoscaler)),
	);
	if (sayings.length > 0) return sayings;
	return [ok('no HorizontalPodAutoscaler', `fights over the replicas of a server (${found.length} looked at)`)];
}

const judge = (server: Server, autoscaler: Autoscaler): CheckResult[] =>
	serverFindings({ server, surroundings: { autoscalers: [autoscaler] } }).flatMap(({ id, field, message }) => {
		const fix = FIXES[id]?.(server, autoscaler);
		if (fix === undefined) return [];
		return [warn(`${server.kind} ${server.namespace}/${server.name}`, `${field}: ${message} (${id})`, fix)];
	});

/** Only the findings about autoscalers have one here; the others are told whenever a server is written. */
const FIXES: Readonly<Record<string, (server: Server, autoscaler: Autoscaler) => string | undefined>> = {
	'autoscaled-and-pinned': (server) => unset(server, 'replicas'),
	'stdio-autoscaled': (_server, autoscaler) => remove(autoscaler),
	'backend-autoscaled-and-pinned': (_server, autoscaler) => remove(autoscaler),
	'autoscaler-target-invalid': ({ name: target }, { namespace, name }) => {
		const patch = { spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target } } };
		return `kubectl patch hpa ${shellWord(name)} -n ${shellWord(namespace)} --type=merge -p ${shellWord(JSON.stringify(patch))}`;
	},
	'session-storage-missing': ({ kind, namespace, name, spec }) =>
		(spec.replicas ?? 0) > 1
			? undefined
			: `kubectl edit ${KINDS[kind].singular} ${shellWord(name)} -n ${shellWord(namespace)}, and add sessionStorage with provider redis`,
};

const remove = ({ namespace, name }: Autoscaler): string =>
	`kubectl delete hpa ${shellWord(name)} -n ${shellWord(namespace)}`;

const unset = ({ kind, namespace, name }: Server, field: string): string =>
	`kubectl patch ${KINDS[kind].singular} ${shellWord(name)} -n ${shellWord(namespace)} --type=merge -p '{"spec":{"${field}":null}}'`;
