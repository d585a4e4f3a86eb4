import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json, Server } from '../../../src/api/types.ts';
import type { DryRunResult } from '../../../src/doctor/cluster.ts';
import { checkReachable } from '../../../src/doctor/reachable.ts';
import type { InstalledWebhook } from '../../../src/doctor/webhook-configurations.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { contextOf, linesOf, reports, server } from './results.ts';

const result = (status: number, message: string, ...warnings: string[]): DryRunResult => ({
	status,
	message,
	warnings,
});
const ANSWERS: Readonly<Record<string, string>> = {
	MCPServer: 'metadata.annotations[toolhive-scaling/ignore]: unknown warning id "x" (ignore-unknown-id)',
	ConfigMap:
		'data[runconfig.json]: not a JSON object, or too large; scaling settings were not added (run-config-unreadable)',
};
const answered = ({ kind }: Json): DryRunResult => result(201, '', ANSWERS[String(kind)] ?? '');
const unanswered = (): DryRunResult => result(201, '', 'something else');
const notCalled = (cause: string) => (): DryRunResult =>
	result(
		500,
		`Internal error occurred: failed calling webhook "servers.validate.toolhive-scaling.svc": failed to call webhook: Post "https://toolhive-scaling.toolhive-scaling.svc:443/validate?timeout=5s": ${cause}`,
	);

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
const STORED = `fail: ${VALIDATING} was not called: MCPServers are stored without it → INSTALL`;
const NOT_MUTATED = `fail: ${MUTATING} was not called: the operator's ConfigMaps are stored without it → INSTALL`;
const NOT_TRIED = 'ok: the mutating webhook was not tried: there is no MCPServer or MCPRemoteProxy to try it on';
const untried = (why: string, fix = 'resolve the rejection, and try again'): string =>
	`warn: ${VALIDATING} was not tried: ${why} → ${fix}`;
const OTHER = 'Internal error occurred: failed calling webhook "other.example.com": EOF';
const QUOTA = 'mcpservers "x" is forbidden: exceeded quota: all';
const FORBIDDEN = (plural: string): string =>
	`${plural} is forbidden: User "x" cannot create resource "${plural}" in API group`;
/** The reasons why the API server cannot call the webhook, each with its fix. */
const CAUSES: readonly (readonly [cause: string, fix: string])[] = [
	[
		'x509: certificate signed by unknown authority',
		'replace the certificate or caBundle so that they match: see the Certificate check above',
	],
	...['dial tcp 10.0.0.1:443: connect: connection refused', 'no endpoints available for service "x"'].map(
		(cause) => [cause, 'check why no Pod serves: kubectl get pods,endpointslices -n toolhive-scaling'] as const,
	),
	['service "x" not found', 'INSTALL'],
	[
		'context deadline exceeded',
		'let the API server reach port 8443 of the Pods: check firewall, NetworkPolicy and name resolution',
	],
	['the server could not find it', 'kubectl logs -n toolhive-scaling deployment/toolhive-scaling'],
];

const CALLS: readonly (readonly [title: string, answer: (object: Json) => DryRunResult, line: string])[] = [
	['it answers', answered, ANSWERED],
	[
		'it answers, and another webhook refuses',
		(object) => ({ ...answered(object), status: 403, message: 'no' }),
		ANSWERED,
	],
	['the object is stored without it', unanswered, STORED],
	[
		'another webhook cannot be called',
		() => result(500, OTHER),
		untried(`another admission check rejected the dry run: ${OTHER}`),
	],
	[
		'the caller may not create servers',
		() => result(403, FORBIDDEN('mcpservers')),
		untried(
			'no permission to create mcpservers.toolhive.stacklok.dev there',
			'rerun with credentials that pass: kubectl auth can-i create mcpservers.toolhive.stacklok.dev -n demo',
		),
	],
	['a quota', () => result(403, QUOTA), untried(`another admission check rejected the dry run: ${QUOTA}`)],
	[
		'no CRD',
		() => result(404, '404 page not found'),
		untried('no MCPServer can be created there', 'see the CRDs check above'),
	],
];
const exists = (object: Json): DryRunResult => ({ ...answered(object), status: 409, message: 'already exists' });

describe('doctor › reachable', () => {
	for (const [title, answer, line] of CALLS)
		reports(`validating › ${title}`, to('MCPServer', answer), [line, `ok: ${MUTATING} answers`]);
	for (const [cause, fix] of CAUSES)
		reports(`validating › ${cause}`, to('MCPServer', notCalled(`${cause} (possibly because of "x")`)), [
			`fail: ${VALIDATING} cannot be called by the API server: ${cause} → ${fix}`,
			`ok: ${MUTATING} answers`,
		]);
	reports('validating › its namespaceSelector does not match', of({ answer: unanswered, team: 'blue' }), [
		`fail: ${VALIDATING} was not called: its namespaceSelector excludes the namespace → kubectl get validatingwebhookconfiguration toolhive-scaling -o yaml: correct its namespaceSelector`,
		NOT_MUTATED,
	]);
	reports('validating › its namespaceSelector matches', of({ answer: unanswered, team: 'red' }), [STORED, NOT_MUTATED]);
	reports(
		'validating › its namespaceSelector does not match default, and there is no server',
		of({ servers: [], answer: unanswered, team: 'blue' }),
		[
			'warn: the validating webhook was not tried: there is no server, and its namespaceSelector excludes namespace default',
			NOT_TRIED,
		],
	);
	reports(
		'validating › its namespaceSelector matches default, and there is no server',
		of({ servers: [], answer: unanswered, team: 'red' }),
		[STORED.replace('demo', 'default'), NOT_TRIED],
	);
	reports('mutating › the ConfigMap exists, and it answers', to('ConfigMap', exists), [
		ANSWERED,
		`ok: ${MUTATING} answers`,
	]);
	reports(
		'mutating › the ConfigMap exists, and it is not called',
		to('ConfigMap', () => result(409, 'configmaps "web-runconfig" already exists')),
		[ANSWERED, NOT_MUTATED],
	);
	reports('mutating › the object is stored without it', to('ConfigMap', unanswered), [ANSWERED, NOT_MUTATED]);
	reports(
		'mutating › the caller may not create ConfigMaps',
		to('ConfigMap', () => result(403, FORBIDDEN('configmaps'))),
		[ANSWERED, `warn: ${MUTATING} was not tried: no permission to create configmaps there`],
	);

	for (const [title, servers] of [
		['no server', []],
		['only a VirtualMCPServer', [server('vmcp', {}, { kind: 'VirtualMCPServer' })]],
		['only a server that ignores the warning', [server('quiet', {}, { ignore: ['run-config-unreadable'] })]],
		['only a server in the namespace of the product', [server('inside', {}, { namespace: 'toolhive-scaling' })]],
	] as const)
		it(`mutating › ${title} › not tried`, async () => expect(linesOf(await of({ servers })())[1]).to.equal(NOT_TRIED));

	it('the namespace of the dry run › the namespace of a server, else default, never that of the product', async () => {
		const namespaces = async (...servers: Server[]) =>
			(await dryRun({ servers })).objects.map(({ metadata }) => (metadata as Json)['namespace']);
		expect(await namespaces()).to.deep.equal(['default']);
		expect(await namespaces(server('inside', {}, { namespace: 'toolhive-scaling' }))).to.deep.equal(['default']);
		expect(await namespaces(server('web'))).to.deep.equal(['demo', 'demo']);
	});
	it('only v1alpha1 is served › v1alpha1 is used', async () => {
		const answer = (object: Json): DryRunResult =>
			String(object['apiVersion']).endsWith('v1beta1') ? result(404, 'not found') : answered(object);
		const { results, objects } = await dryRun({ servers: [], answer });
		expect(results[0]?.status).to.equal('ok');
		const versions = ['toolhive.stacklok.dev/v1beta1', 'toolhive.stacklok.dev/v1alpha1'];
		expect(objects.map(({ apiVersion }) => apiVersion)).to.deep.equal(versions);
	});
	it('the objects of the dry run › a readable server, and a RunConfig of an existing server', async () => {
		const { objects } = await dryRun({});
		expect(serverOf(objects[0] ?? {})?.ignore).to.deep.equal(['thv-scaling-doctor-dry-run']);
		const owner = { apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPServer', name: 'web', uid: 'uid-web' };
		expect(objects[1]?.['metadata']).to.deep.include({ name: 'web-runconfig', ownerReferences: [owner] });
	});
});
