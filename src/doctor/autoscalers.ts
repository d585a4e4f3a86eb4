/** Finds HorizontalPodAutoscalers that conflict with a replica count, by the same rules as the warnings. */
import type { Autoscaler, Server } from '../api/types.ts';
import { autoscalerOf } from '../objects/autoscaler.ts';
import { serverFindings } from '../policy/rules.ts';
import { type CheckResult, ok, warn } from './check-result.ts';
import { mergePatch, namespaceFlag, serverArgs, shellWord } from './commands.ts';
import type { DoctorCheck } from './context.ts';

export const checkAutoscalers: DoctorCheck = async ({ cluster, servers }) =>
	autoscalers(await servers(), await cluster.listAutoscalers(autoscalerOf));

export function autoscalers(servers: readonly Server[], found: readonly Autoscaler[]): CheckResult[] {
	const targets = Map.groupBy(found, ({ namespace, target }) => `${namespace}/${target}`);
	const results = servers.flatMap((server) =>
		(targets.get(`${server.namespace}/${server.name}`) ?? []).flatMap((autoscaler) => conflicts(server, autoscaler)),
	);
	if (results.length > 0) return results;
	return [ok('no HorizontalPodAutoscaler', `conflicts with the replicas of a server (${found.length} checked)`)];
}

const conflicts = (server: Server, autoscaler: Autoscaler): CheckResult[] =>
	serverFindings({ server, clusterContext: { autoscalers: [autoscaler] } }).flatMap(({ id, field, message }) => {
		const fix = FIXES[id]?.(server, autoscaler);
		if (fix === undefined) return [];
		return [warn(`${server.kind} ${server.namespace}/${server.name}`, `${field}: ${message} (${id})`, fix)];
	});

const hpaArgs = ({ namespace, name }: Autoscaler): string => `hpa ${shellWord(name)} ${namespaceFlag(namespace)}`;
const deleteHpa = (_server: Server, autoscaler: Autoscaler): string => `kubectl delete ${hpaArgs(autoscaler)}`;

/** Commands for findings about autoscalers. The webhook reports other findings whenever a server is written. */
const FIXES: Readonly<Record<string, (server: Server, autoscaler: Autoscaler) => string | undefined>> = {
	'autoscaled-and-pinned': (server) => mergePatch(serverArgs(server), { spec: { replicas: null } }),
	'stdio-autoscaled': deleteHpa,
	'backend-autoscaled-and-pinned': deleteHpa,
	'autoscaler-target-invalid': ({ name: target }, autoscaler) => {
		const patch = { spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target } } };
		return mergePatch(hpaArgs(autoscaler), patch);
	},
	'session-storage-missing': (server) =>
		(server.spec.replicas ?? 0) > 1
			? undefined
			: `kubectl edit ${serverArgs(server)}, and add sessionStorage with provider redis`,
};
