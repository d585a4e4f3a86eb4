import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json, Server } from '../../../src/api/types.ts';
import type { DryRunResult } from '../../../src/doctor/cluster.ts';
import { checkReachable } from '../../../src/doctor/reachable.ts';
import type { InstalledWebhook } from '../../../src/doctor/webhook-configurations.ts';
import { contextOf, linesOf, reports, server } from './results.ts';

const result = (status: number, message: string, ...warnings: string[]): DryRunResult => ({
	status,
	message,
	warnings,
});
const ANSWERS: Readonly<Record<string, string>> = {
	MCPServer: '(ignore-unknown-id)',
	ConfigMap: '(run-config-unreadable)',
};
const answered = ({ kind }: Json): DryRunResult => result(201, '', ANSWERS[String(kind)] ?? '');
const unanswered = (): DryRunResult => result(201, '', 'something else');
const CALL =
	'failed calling webhook "servers.validate.toolhive-scaling.svc": failed to call webhook: Post "https://x": ';
const notCalled = (cause: string) => (): DryRunResult =>
	result(500, `Internal error occurred: ${CALL}${cause} (possibly because of "x")`);

interface Given {
	readonly servers?: readonly Server[];
	readonly answer?: (object: Json) => DryRunResult;
	/** The value in the namespaceSelector of the validating webhook. */
	readonly team?: string;
}

/**
 * Runs the check in a cluster that answers dry runs with `answer`. Returns the results and the objects of the dry runs.
 */
async function dryRun({ servers = [server('web')], answer = answered, team }: Given) {
	const objects: Json[] = [];
	const namespaceSelector = { matchLabels: { team } };
	const webhook = { kind: 'ValidatingWebhookConfiguration', namespaceSelector } as unknown as InstalledWebhook;
	const cluster = {
		createDryRun: async (object: Json) => {
			objects.push(object);
			return answer(object);
		},
		labelsOfNamespace: async () => ({ team: 'red' }),
	};
	const context = contextOf(cluster, {
		webhooks: team === undefined ? [] : [webhook],
		version: async () => ({ gitVersion: 'v1.36.1' }),
		servers: async () => servers.map((one) => ({ ...one, apiVersion: '' })),
	});
	return { objects, results: await checkReachable(context) };
}
const of = (given: Given) => async () => (await dryRun(given)).results;
/** Returns `answer` only for objects of `kind`. */
const to = (kind: string, answer: (object: Json) => DryRunResult) =>
	of({ answer: (object) => (object['kind'] === kind ? answer(object) : answered(object)) });

const VALIDATING = 'the validating webhook (dry run in namespace demo)';
const MUTATING = 'the mutating webhook (dry run in namespace demo)';
const ANSWERED = `ok: ${VALIDATING} answers`;
const STORED = `fail: ${VALIDATING} was not called: … → INSTALL`;
const NOT_MUTATED = `fail: ${MUTATING} was not called: … → INSTALL`;
const NOT_TRIED = 'ok: the mutating webhook was not tried: there is no MCPServer or MCPRemoteProxy to try it on';
const REJECTED = 'warn: … another admission check rejected the dry run: …';
const FORBIDDEN = (plural: string): string => `${plural} is forbidden: User "x" cannot create resource "${plural}"`;
/** The reasons why the API server cannot call the webhook, each with its fix. */
const CAUSES: readonly (readonly [cause: string, fix: string])[] = [
	['x509: certificate signed by unknown authority', 'replace the certificate or caBundle …'],
	['dial tcp 10.0.0.1:443: connect: connection refused', 'check why no Pod serves: …'],
	['service "x" not found', 'INSTALL'],
	['context deadline exceeded', 'let the API server reach port 8443 of the Pods: …'],
	['the server could not find it', 'kubectl logs -n toolhive-scaling deployment/toolhive-scaling'],
];

describe('doctor › reachable', () => {
	for (const [title, answer, line] of [
		['another webhook refuses', (object: Json) => ({ ...answered(object), status: 403, message: 'no' }), ANSWERED],
		['another webhook cannot be called', () => result(500, 'failed calling webhook "x.example.com": EOF'), REJECTED],
		[
			'the caller may not create servers',
			() => result(403, FORBIDDEN('mcpservers')),
			'warn: … no permission to create … → … kubectl auth can-i create mcpservers.toolhive.stacklok.dev -n demo',
		],
		['a quota', () => result(403, 'mcpservers "x" is forbidden: exceeded quota: all'), REJECTED],
		['no CRD', () => result(404, 'not found'), 'warn: … no MCPServer can be created there → see the CRDs check above'],
		...CAUSES.map(
			([cause, fix]) =>
				[cause, notCalled(cause), `fail: … cannot be called by the API server: ${cause} → ${fix}`] as const,
		),
	] as const)
		reports(`validating › ${title}`, to('MCPServer', answer), [line, `ok: ${MUTATING} answers`]);
	const EXCLUDED = 'fail: … its namespaceSelector excludes the namespace → kubectl get …';
	for (const [title, servers, team, ...expected] of [
		['does not match', [server('web')], 'blue', EXCLUDED, NOT_MUTATED],
		['matches', [server('web')], 'red', STORED, NOT_MUTATED],
		[
			'does not match default, and there is no server',
			[],
			'blue',
			...['warn: … there is no server, and its namespaceSelector excludes namespace default', NOT_TRIED],
		],
	] as const)
		reports(`validating › its namespaceSelector ${title}`, of({ servers, answer: unanswered, team }), expected);

	for (const [title, answer, line] of [
		[
			'the ConfigMap exists, and it answers',
			(object: Json) => ({ ...answered(object), status: 409, message: 'already exists' }),
			`ok: ${MUTATING} answers`,
		],
		['the ConfigMap exists, and it is not called', () => result(409, 'already exists'), NOT_MUTATED],
		['the object is stored without it', unanswered, NOT_MUTATED],
		[
			'the caller may not create ConfigMaps',
			() => result(403, FORBIDDEN('configmaps')),
			'warn: … no permission to create configmaps there',
		],
	] as const)
		reports(`mutating › ${title}`, to('ConfigMap', answer), [ANSWERED, line]);
	for (const [title, servers] of [
		['a VirtualMCPServer', [server('vmcp', {}, { kind: 'VirtualMCPServer' })]],
		['a server that ignores the warning', [server('quiet', {}, { ignore: ['run-config-unreadable'] })]],
	] as const)
		reports(`mutating › only ${title}`, of({ servers }), [ANSWERED, NOT_TRIED]);

	it('a server only in the namespace of the product, and only v1alpha1 is served › v1alpha1 in default', async () => {
		const answer = (object: Json): DryRunResult =>
			String(object['apiVersion']).endsWith('v1beta1') ? result(404, 'not found') : answered(object);
		const inside = server('inside', {}, { namespace: 'toolhive-scaling' });
		const { results, objects } = await dryRun({ servers: [inside], answer });
		expect(linesOf(results)).to.deep.equal([ANSWERED.replace('demo', 'default'), NOT_TRIED]);
		expect(objects.map((one) => [one['apiVersion'], (one['metadata'] as Json)['namespace']])).to.deep.equal([
			['toolhive.stacklok.dev/v1beta1', 'default'],
			['toolhive.stacklok.dev/v1alpha1', 'default'],
		]);
	});
});
