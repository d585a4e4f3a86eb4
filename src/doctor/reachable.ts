/**
 * The whole way, through the API server and back: two objects are created in a dry run, and a warning that only our
 * webhooks give must come back. Nothing is stored, and nothing that exists is touched.
 */

import { GROUP, IGNORE_ANNOTATION, KINDS, LABEL_MANAGED_BY, MANAGED_BY_OPERATOR, VERSIONS } from '../api/names.ts';
import type { Json, Server } from '../api/types.ts';
import type { RuleId } from '../policy/rules.ts';
import { causeOf, type Place } from './call-failure.ts';
import { type CheckResult, fail, ok, shellWord, warn } from './check-result.ts';
import type { Attempt, ClusterReader } from './cluster.ts';
import { isSelected, type Webhooks } from './webhook-configurations.ts';

const MUTATING = 'the mutating webhook';

/** Of objects that never are. Long enough to be nobody else's. */
const PROBE = 'thv-scaling-doctor-dry-run';

export async function reachable(
	/** Undefined where they cannot be listed. */
	servers: readonly Server[] | undefined,
	webhooks: Webhooks,
	place: Place,
	cluster: Pick<ClusterReader, 'tryCreate' | 'labelsOfNamespace'>,
): Promise<CheckResult[]> {
	const outside = (servers ?? []).filter(({ namespace }) => namespace !== place.namespace);
	return [
		await validating(outside[0]?.namespace, webhooks, place, cluster),
		servers === undefined
			? warn(
					MUTATING,
					'was not tried: servers cannot be listed',
					'run it as somebody who may: kubectl auth can-i list mcpservers -A',
				)
			: await mutating(outside.find(isAnsweredFor), place, cluster),
	];
}

/** An id that no warning has is itself warned of, whatever fields the CRD has. */
async function validating(
	/** Undefined where no server is. */
	serversIn: string | undefined,
	webhooks: Webhooks,
	place: Place,
	cluster: Pick<ClusterReader, 'tryCreate' | 'labelsOfNamespace'>,
): Promise<CheckResult> {
	const namespace = serversIn ?? 'default';
	const subject = `the validating webhook, asked by a dry run in namespace ${namespace},`;
	const attempt = await tryServer(namespace, cluster.tryCreate);
	if (isAnswered(attempt, 'ignore-unknown-id')) return ok(subject, 'answers');
	if (attempt.status === 404) return warn(subject, 'was not tried: no MCPServer can be made there', 'see the CRDs');
	const failure = failureOf(subject, attempt, `mcpservers.${GROUP}`, namespace, place);
	if (failure !== undefined) return failure;
	const selecting = webhooks.ValidatingWebhookConfiguration ?? [];
	const labels = await cluster.labelsOfNamespace(namespace).catch(() => undefined);
	const isLeftOut = labels !== undefined && selecting.length > 0 && !selecting.some((one) => isSelected(one, labels));
	if (!isLeftOut) return fail(subject, 'was not asked: MCPServers are stored without it', place.install);
	// Nobody runs a server there: to leave it out may be what is meant.
	if (serversIn === undefined) {
		const message = `was not tried: no server is known, and its namespaceSelector leaves namespace ${namespace} out`;
		return warn('the validating webhook', message, 'try again when there is a server');
	}
	const look = 'kubectl get validatingwebhookconfiguration toolhive-scaling -o yaml: mend its namespaceSelector';
	return fail(subject, 'was not asked: its namespaceSelector leaves the namespace out', look);
}

async function tryServer(namespace: string, tryCreate: ClusterReader['tryCreate']): Promise<Attempt> {
	let attempt: Attempt = { status: 404, message: 'no MCPServer is known there', warnings: [] };
	for (const version of VERSIONS) {
		attempt = await tryCreate({
			apiVersion: `${GROUP}/${version}`,
			kind: 'MCPServer',
			metadata: { name: PROBE, namespace, annotations: { [IGNORE_ANNOTATION]: PROBE } },
			spec: { image: `${PROBE}:0`, transport: 'streamable-http' },
		});
		if (attempt.status !== 404) break;
	}
	return attempt;
}

/** Those whose RunConfig the webhook reads whatever they ask for. */
const isAnsweredFor = (server: Server): boolean =>
	server.kind !== 'VirtualMCPServer' && !server.ignore.includes('run-config-unreadable');

/** A RunConfig that is no JSON is warned of; where the server has one, the API server says both that and 409. */
async function mutating(
	server: Server | undefined,
	place: Place,
	cluster: Pick<ClusterReader, 'tryCreate'>,
): Promise<CheckResult> {
	if (server === undefined) return ok(MUTATING, 'was not tried: there is no MCPServer or MCPRemoteProxy to try it on');
	const { namespace } = server;
	const subject = `${MUTATING}, asked by a dry run in namespace ${namespace},`;
	const attempt = await cluster.tryCreate(runConfigOf(server));
	if (isAnswered(attempt, 'run-config-unreadable')) return ok(subject, 'answers');
	const failure = attempt.status === 409 ? undefined : failureOf(subject, attempt, 'configmaps', namespace, place);
	return failure ?? fail(subject, "was not asked: the operator's ConfigMaps are stored without it", place.install);
}

function runConfigOf({ kind, namespace, name, uid }: Server): Json {
	const { configMapSuffix, configKey, configLabel } = KINDS[kind];
	return {
		apiVersion: 'v1',
		kind: 'ConfigMap',
		metadata: {
			name: name + configMapSuffix,
			namespace,
			labels: {
				[LABEL_MANAGED_BY]: MANAGED_BY_OPERATOR,
				'toolhive.stacklok.io/component': 'run-config',
				[configLabel]: name,
			},
			ownerReferences: [{ apiVersion: `${GROUP}/${VERSIONS[0]}`, kind, name, uid }],
		},
		data: { [configKey]: PROBE },
	};
}

const isAnswered = ({ warnings }: Attempt, id: RuleId): boolean => warnings.some((text) => text.includes(`(${id})`));

/** Why the API server refused; undefined where it did not. */
function failureOf(
	subject: string,
	{ status, message }: Attempt,
	resource: string,
	namespace: string,
	place: Place,
): CheckResult | undefined {
	if (status < 300) return undefined;
	const cause = causeOf(message, place);
	if (cause !== undefined) return fail(subject, cause.message, cause.fix);
	if (status === 403 && message.includes('cannot create resource')) {
		const fix = `run it as somebody who may: kubectl auth can-i create ${resource} -n ${shellWord(namespace)}`;
		return warn(subject, `was not tried: you may not create ${resource} there`, fix);
	}
	return warn(subject, `was not tried: something else refused the dry run: ${message}`, 'mend that, and try again');
}
