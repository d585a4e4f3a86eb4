/**
 * Checks that the API server calls the webhooks. The check creates two objects with `dryRun=All`, which stores nothing.
 * Each response must contain a warning that only the webhooks return.
 */
import { GROUP, IGNORE_ANNOTATION, KINDS, LABEL_MANAGED_BY, MANAGED_BY_OPERATOR, VERSIONS } from '../api/names.ts';
import type { Json, Server } from '../api/types.ts';
import { WEBHOOK_SUFFIX } from '../api/webhook-configurations.ts';
import type { RuleId } from '../policy/rules.ts';
import { knowsDryRun } from './api-server.ts';
import { type CheckResult, fail, ok, rerunWith, warn } from './check-result.ts';
import type { ClusterReader, DryRunResult, NamespacedName } from './cluster.ts';
import { logsCommand, namespaceFlag } from './commands.ts';
import type { CheckContext, DoctorCheck } from './context.ts';
import { isSelected } from './webhook-configurations.ts';

const MUTATING = 'the mutating webhook';

/** The name of the objects in dry runs. No other client uses this name. */
const PROBE = 'thv-scaling-doctor-dry-run';

export const checkReachable: DoctorCheck = async (context) => {
	// An API server that does not support the parameter would store the objects.
	if (!knowsDryRun(await context.version()))
		return [
			warn(
				'the webhooks',
				'were not called: this API server may not support dry runs',
				'see the API server check above',
			),
		];
	const servers = await context.servers().catch(() => undefined);
	const outside = (servers ?? []).filter(({ namespace }) => namespace !== calledBy(context).namespace);
	return [
		await validating(outside[0]?.namespace, context),
		servers === undefined
			? warn(MUTATING, 'was not tried: servers cannot be listed', rerunWith('list mcpservers -A'))
			: await mutating(outside.find(hasReadableConfig), context),
	];
};

/** Returns the Deployment behind the webhooks. The webhook configurations exclude the namespace of that Deployment. */
const calledBy = ({ otherService, product }: CheckContext) => otherService ?? product;

/**
 * Creates a server with an unknown id in the ignore annotation, which causes a warning. `serversIn` is a namespace that
 * has a server.
 */
async function validating(serversIn: string | undefined, context: CheckContext): Promise<CheckResult> {
	const { cluster, webhooks, installFix } = context;
	const namespace = serversIn ?? 'default';
	const subject = `the validating webhook (dry run in namespace ${namespace})`;
	const result = await createServer(namespace, cluster.createDryRun);
	if (hasWarning(result, 'ignore-unknown-id')) return ok(subject, 'answers');
	if (result.status === 404)
		return warn(subject, 'was not tried: no MCPServer can be created there', 'see the CRDs check above');
	const failure = failureOf(subject, result, `mcpservers.${GROUP}`, namespace, context);
	if (failure !== undefined) return failure;
	const selectors = webhooks.flatMap((one) =>
		one.kind === 'ValidatingWebhookConfiguration' ? [one.namespaceSelector] : [],
	);
	const labels = await cluster.labelsOfNamespace(namespace).catch(() => undefined);
	const isLeftOut = labels !== undefined && selectors.length > 0 && !selectors.some((one) => isSelected(one, labels));
	if (!isLeftOut) return fail(subject, 'was not called: MCPServers are stored without it', installFix);
	// Without servers in that namespace, the user may have excluded it on purpose.
	if (serversIn === undefined) {
		const message = `was not tried: there is no server, and its namespaceSelector excludes namespace ${namespace}`;
		return warn('the validating webhook', message, 'try again when there is an MCPServer');
	}
	const fix = 'kubectl get validatingwebhookconfiguration toolhive-scaling -o yaml: correct its namespaceSelector';
	return fail(subject, 'was not called: its namespaceSelector excludes the namespace', fix);
}

async function createServer(namespace: string, create: ClusterReader['createDryRun']): Promise<DryRunResult> {
	let result: DryRunResult = { status: 404, message: 'there is no MCPServer in it', warnings: [] };
	for (const version of VERSIONS) {
		result = await create({
			apiVersion: `${GROUP}/${version}`,
			kind: 'MCPServer',
			metadata: { name: PROBE, namespace, annotations: { [IGNORE_ANNOTATION]: PROBE } },
			spec: { image: `${PROBE}:0`, transport: 'streamable-http' },
		});
		if (result.status !== 404) break;
	}
	return result;
}

/** Whether the webhook reads the RunConfig of this server, and so can warn about it. */
const hasReadableConfig = (server: Server): boolean =>
	server.kind !== 'VirtualMCPServer' && !server.ignore.includes('run-config-unreadable');

/**
 * Creates a RunConfig that is not JSON, which causes a warning even if the API server returns 409 because the object
 * exists.
 */
async function mutating(server: Server | undefined, context: CheckContext): Promise<CheckResult> {
	if (server === undefined) return ok(MUTATING, 'was not tried: there is no MCPServer or MCPRemoteProxy to try it on');
	const { namespace } = server;
	const subject = `${MUTATING} (dry run in namespace ${namespace})`;
	const result = await context.cluster.createDryRun(runConfigOf(server));
	if (hasWarning(result, 'run-config-unreadable')) return ok(subject, 'answers');
	const failure = result.status === 409 ? undefined : failureOf(subject, result, 'configmaps', namespace, context);
	return (
		failure ?? fail(subject, "was not called: the operator's ConfigMaps are stored without it", context.installFix)
	);
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

const hasWarning = ({ warnings }: DryRunResult, id: RuleId): boolean =>
	warnings.some((text) => text.includes(`(${id})`));

/** Returns why the API server rejected the request, or undefined if it did not. */
function failureOf(
	subject: string,
	{ status, message }: DryRunResult,
	resource: string,
	namespace: string,
	context: CheckContext,
): CheckResult | undefined {
	if (status < 300) return undefined;
	const cause = causeOf(message, calledBy(context), context.installFix);
	if (cause !== undefined) return fail(subject, cause.message, cause.fix);
	if (status === 403 && message.includes('cannot create resource')) {
		const fix = rerunWith(`create ${resource} ${namespaceFlag(namespace)}`);
		return warn(subject, `was not tried: no permission to create ${resource} there`, fix);
	}
	return warn(
		subject,
		`was not tried: another admission check rejected the dry run: ${message}`,
		'resolve the rejection, and try again',
	);
}

const CALL_FAILED = /failed calling webhook "([^"]+)":\s*([\s\S]*)/;

interface Cause {
	readonly sign: RegExp;
	readonly fix: (product: NamespacedName, install: string) => string;
}
const CAUSES: readonly Cause[] = [
	{
		sign: /x509|tls:|certificate/,
		fix: () => 'replace the certificate or caBundle so that they match: see the Certificate check above',
	},
	{ sign: /service "[^"]*" not found/, fix: (_product, install) => install },
	{
		sign: /connection refused|no endpoints available|connection reset|EOF/,
		fix: ({ namespace }) => `check why no Pod serves: kubectl get pods,endpointslices ${namespaceFlag(namespace)}`,
	},
	{
		sign: /deadline exceeded|timeout|no route to host|no such host/i,
		fix: () => 'let the API server reach port 8443 of the Pods: check firewall, NetworkPolicy and name resolution',
	},
];

/**
 * Returns why the API server could not call a webhook of `product`, or undefined if `message` is about something else.
 */
function causeOf(message: string, product: NamespacedName, install: string) {
	const [, webhook = '', cause = ''] = CALL_FAILED.exec(message) ?? [];
	if (!webhook.endsWith(WEBHOOK_SUFFIX)) return undefined;
	// The API server adds `Post "https://…?timeout=5s": ` before the cause, and Go adds guesses after it.
	const what = cause
		.replace(/^failed to call webhook:\s*/, '')
		.replace(/^Post "[^"]*":\s*/, '')
		.replace(/ \(possibly because of [\s\S]*$/, '');
	const known = CAUSES.find(({ sign }) => sign.test(what));
	return {
		message: `cannot be called by the API server: ${what}`,
		fix: known?.fix(product, install) ?? logsCommand(product),
	};
}
