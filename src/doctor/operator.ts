/** ToolHive's operators: which release, what it does of scaling, and whether the product knows it by name. */
import { isOlder, tagOf, versionOf } from '../api/images.ts';
import {
	isOperatorImage,
	OPERATOR_CONTAINER,
	OPERATOR_LABEL,
	OPERATOR_SINCE,
	whatOperatorDoes,
} from '../api/operators.ts';
import type { Json } from '../api/types.ts';
import { type CheckResult, fail, ok, shellWord, warn } from './check-result.ts';
import type { ClusterReader } from './cluster.ts';
import { phasesOf } from './crds.ts';
import type { ServeFlags } from './deployment.ts';
import { type Installation, installationOf } from './installation.ts';
import { userNameOf } from './permissions.ts';

export type Operator = Pick<Installation, 'namespace' | 'name' | 'image' | 'serviceAccount' | 'env' | 'hasHiddenEnv'>;

/** By its chart's label first, which spares a large cluster the list of all Deployments. */
export async function findOperators(listDeployments: ClusterReader['listDeployments']): Promise<readonly Operator[]> {
	const labelled = await listDeployments(operatorOf, OPERATOR_LABEL);
	return labelled.length > 0 ? labelled : listDeployments((object) => onlyByImage(operatorOf(object)));
}

const operatorOf = (deployment: Json): Operator => installationOf(deployment, OPERATOR_CONTAINER);
const onlyByImage = (found: Operator): Operator | undefined => (isOperatorImage(found.image) ? found : undefined);

export function operator(
	operators: readonly Operator[],
	installation: Installation | undefined,
	settings: ServeFlags | string | undefined,
	mcpServerCrd: Json | undefined,
): CheckResult[] {
	if (operators.length === 0) {
		const fix = 'install ToolHive, or see that you may list Deployments everywhere';
		return [warn('the ToolHive operator', 'was not found: nobody makes Deployments of servers', fix)];
	}
	return operators.flatMap((one) => [
		release(one),
		...phase(one, mcpServerCrd),
		...(installation !== undefined && typeof settings === 'object' ? [identity(one, installation, settings)] : []),
	]);
}

function release({ namespace, name, image }: Operator): CheckResult {
	const subject = `${namespace}/${name}`;
	const version = versionOf(image);
	if (version === undefined) {
		const fix = 'see what it does by its version: docs/operators.md';
		return warn(subject, `does not tell its version: ${image}`, fix);
	}
	const does = `${tagOf(image)} ${whatOperatorDoes(version)}`;
	if (!isOlder(version, OPERATOR_SINCE.keepsReplicas)) return ok(subject, does);
	return fail(subject, does, `upgrade ToolHive to ${OPERATOR_SINCE.keepsReplicas} or later`);
}

/** CRDs from before or after the phase was renamed refuse each status that the operator writes. */
function phase({ namespace, name, image }: Operator, crd: Json | undefined): CheckResult[] {
	const version = versionOf(image);
	const known = crd === undefined ? undefined : phasesOf(crd);
	if (version === undefined || known === undefined) return [];
	const written = isOlder(version, OPERATOR_SINCE.phaseReady) ? 'Running' : 'Ready';
	if (known.includes(written)) return [];
	const message = `writes phase ${written}, which the CRD of MCPServer refuses: no status is ever stored`;
	return [warn(`${namespace}/${name}`, message, 'bring CRDs and operator to matching releases')];
}

/** Without its name its writes pass for a person's, and a person who removes a field is obeyed. */
function identity(
	{ namespace, serviceAccount, image }: Operator,
	installation: Installation,
	settings: ServeFlags,
): CheckResult {
	const user = userNameOf({ namespace, name: serviceAccount });
	if (settings.operatorUsernames.includes(user)) return ok(user, 'is known as an operator');
	const message = 'is not among --operator-usernames: fields it erases do not come back';
	const usernames = [...settings.operatorUsernames, user].join(',');
	const workload = `-n ${shellWord(installation.namespace)} deployment/${shellWord(installation.name)}`;
	const isFlag = installation.args.some((word) => word.startsWith('--operator-usernames'));
	const fix = isFlag
		? `add it to that flag: kubectl edit ${workload}`
		: `kubectl set env ${workload} ${shellWord(`THV_SCALING_OPERATOR_USERNAMES=${usernames}`)}`;
	const version = versionOf(image);
	const isHarmless = version !== undefined && !isOlder(version, OPERATOR_SINCE.patchesServers);
	if (isHarmless) return warn(user, 'is not among --operator-usernames; this release erases nothing', fix);
	if (installation.hasHiddenEnv) return warn(user, 'is perhaps not among --operator-usernames', fix);
	return fail(user, message, fix);
}
