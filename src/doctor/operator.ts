/**
 * Checks ToolHive's operators: their release, their support for scaling, and whether --operator-usernames includes
 * them.
 */
import { isOlder, tagOf, versionOf } from '../api/images.ts';
import {
	isOperatorImage,
	OPERATOR_CONTAINER,
	OPERATOR_LABEL,
	OPERATOR_SINCE,
	whatOperatorDoes,
} from '../api/operators.ts';
import type { Json } from '../api/types.ts';
import { type CheckResult, fail, ok, warn } from './check-result.ts';
import type { ClusterReader } from './cluster.ts';
import { deploymentArgs, shellWord } from './commands.ts';
import type { DoctorCheck, ServeFlags } from './context.ts';
import { crdName, phasesOf } from './crds.ts';
import { images } from './images.ts';
import { type Installation, installationOf } from './installation.ts';
import { userNameOf } from './permissions.ts';

export type Operator = Pick<Installation, 'namespace' | 'name' | 'image' | 'serviceAccount' | 'env' | 'hasHiddenEnv'>;

export const checkOperator: DoctorCheck = async ({ cluster, installed, servers, flags }) => {
	const crd = await cluster.getCrd(crdName('MCPServer')).catch(() => undefined);
	const operators = await findOperators(cluster.listDeployments);
	// If servers cannot be listed, no proxy image is checked. Other checks report why servers cannot be listed.
	const known = await servers().catch(() => []);
	return [...operator(operators, installed, flags, crd), ...images(operators, known)];
};

/**
 * Searches by the label of the operator's chart first, because listing all Deployments is expensive in a large cluster.
 */
export async function findOperators(listDeployments: ClusterReader['listDeployments']): Promise<readonly Operator[]> {
	const labelled = await listDeployments(operatorOf, OPERATOR_LABEL);
	return labelled.length > 0 ? labelled : listDeployments((object) => onlyByImage(operatorOf(object)));
}

const operatorOf = (deployment: Json): Operator => installationOf(deployment, OPERATOR_CONTAINER);
const onlyByImage = (found: Operator): Operator | undefined => (isOperatorImage(found.image) ? found : undefined);

export function operator(
	operators: readonly Operator[],
	installation: Installation | undefined,
	flags: ServeFlags | undefined,
	mcpServerCrd: Json | undefined,
): CheckResult[] {
	if (operators.length === 0) {
		const fix = 'install ToolHive, or use credentials that can list Deployments in all namespaces';
		return [warn('the ToolHive operator', 'was not found: nothing creates Deployments for servers', fix)];
	}
	return operators.flatMap((one) => [
		release(one),
		...phase(one, mcpServerCrd),
		...(installation !== undefined && flags !== undefined ? [identity(one, installation, flags)] : []),
	]);
}

function release({ namespace, name, image }: Operator): CheckResult {
	const subject = `${namespace}/${name}`;
	const version = versionOf(image);
	if (version === undefined) {
		const fix = 'compare its version with the table in docs/operators.md';
		return warn(subject, `has an image without a version: ${image}`, fix);
	}
	const does = `${tagOf(image)} ${whatOperatorDoes(version)}`;
	if (!isOlder(version, OPERATOR_SINCE.keepsReplicas)) return ok(subject, does);
	return fail(subject, does, `upgrade ToolHive to ${OPERATOR_SINCE.keepsReplicas} or later`);
}

/** Checks the phase, which was renamed: CRDs of another release reject every status that the operator writes. */
function phase({ namespace, name, image }: Operator, crd: Json | undefined): CheckResult[] {
	const version = versionOf(image);
	const known = crd === undefined ? undefined : phasesOf(crd);
	if (version === undefined || known === undefined) return [];
	const written = isOlder(version, OPERATOR_SINCE.phaseReady) ? 'Running' : 'Ready';
	if (known.includes(written)) return [];
	const message = `writes phase ${written}, which the CRD of MCPServer rejects: no status is stored`;
	return [warn(`${namespace}/${name}`, message, 'use CRDs and operator of the same release')];
}

/** Checks the user name: the webhook treats any other operator as a user, and a user may remove fields. */
function identity(
	{ namespace, serviceAccount, image }: Operator,
	installation: Installation,
	{ operatorUsernames }: ServeFlags,
): CheckResult {
	const user = userNameOf({ namespace, name: serviceAccount });
	if (operatorUsernames.includes(user)) return ok(user, 'is in --operator-usernames');
	const message = 'is not among --operator-usernames: fields that it erases are not restored';
	const usernames = [...operatorUsernames, user].join(',');
	const workload = deploymentArgs(installation);
	const isFlag = installation.args.some((word) => word.startsWith('--operator-usernames'));
	const fix = isFlag
		? `add the user name to that flag: kubectl edit ${workload}`
		: `kubectl set env ${workload} ${shellWord(`THV_SCALING_OPERATOR_USERNAMES=${usernames}`)}`;
	const version = versionOf(image);
	const isHarmless = version !== undefined && !isOlder(version, OPERATOR_SINCE.patchesServers);
	if (isHarmless) return warn(user, 'is not among --operator-usernames; this release erases nothing', fix);
	if (installation.hasHiddenEnv) return warn(user, 'may not be among --operator-usernames', fix);
	return fail(user, message, fix);
}
