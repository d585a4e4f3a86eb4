/** Runs all checks. A check that fails to run becomes one line of the report and does not stop the others. */
import { checkApiServer } from './api-server.ts';
import { checkAutoscalers } from './autoscalers.ts';
import { checkCaBundle } from './ca-bundle.ts';
import { type CheckResult, notMade, printableResult } from './check-result.ts';
import type { ClusterReader } from './cluster.ts';
import { createContext, type DoctorCheck, type DoctorOptions } from './context.ts';
import { checkCrds } from './crds.ts';
import { checkDeployment } from './deployment.ts';
import { checkLease } from './lease.ts';
import { checkOperator } from './operator.ts';
import { checkOwners } from './owners.ts';
import { checkPermissions } from './permissions.ts';
import { checkPreStop } from './pre-stop.ts';
import { checkReachable } from './reachable.ts';
import { checkSecrets } from './secrets.ts';
import { checkWebhookConfigurations } from './webhook-configurations.ts';

/** The checks, in the order of the report. */
export const CHECKS = {
	'api-server': { title: 'API server', check: checkApiServer },
	crds: { title: 'CRDs', check: checkCrds },
	webhooks: { title: 'Webhooks', check: checkWebhookConfigurations },
	'ca-bundle': { title: 'Certificate', check: checkCaBundle },
	reachable: { title: 'Reachable', check: checkReachable },
	permissions: { title: 'Permissions', check: checkPermissions },
	deployment: { title: 'Deployment', check: checkDeployment },
	lease: { title: 'Lease', check: checkLease },
	operator: { title: 'Operator', check: checkOperator },
	owners: { title: 'Owners', check: checkOwners },
	'pre-stop': { title: 'preStop', check: checkPreStop },
	autoscalers: { title: 'Autoscalers', check: checkAutoscalers },
	secrets: { title: 'Secrets', check: checkSecrets },
} as const satisfies Record<string, { title: string; check: DoctorCheck }>;

export type CheckId = keyof typeof CHECKS;

export interface Line extends CheckResult {
	readonly id: CheckId;
}

/** Runs all checks. Never rejects. */
export async function runChecks(cluster: ClusterReader, options: DoctorOptions): Promise<Line[]> {
	const context = await createContext(cluster, options);
	const ids = Object.keys(CHECKS) as CheckId[];
	const lines = ids.map(async (id) => {
		const results = await CHECKS[id].check(context).catch((error: Error) => [notMade(error)]);
		return results.map((result) => ({ id, ...printableResult(result) }));
	});
	return (await Promise.all(lines)).flat();
}
