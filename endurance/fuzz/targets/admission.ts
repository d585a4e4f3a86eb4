/** Sends AdmissionReviews and clusters of any shape through both webhooks. */
import { expect } from 'chai';
import type { Cluster } from '../../../src/admission/cluster.ts';
import { mutate } from '../../../src/admission/mutate.ts';
import type { AdmissionDecision } from '../../../src/admission/response.ts';
import { parseReview, type Request, responseText } from '../../../src/admission/review.ts';
import { validate } from '../../../src/admission/validate.ts';
import { isObject, type Json } from '../../../src/api/types.ts';
import { patchedWith } from '../../../src/offline/admit.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../src/policy/settings.ts';
import { clusterOf } from '../../../test/harness/memory-cluster.ts';
import { frozen } from '../../../test/harness/objects.ts';
import { patchOf } from '../../../test/harness/run-handlers.ts';
import { caseReviews } from '../seeds.ts';
import { expectPrintable, jsonOf, type Target } from '../target.ts';

const SETTINGS: readonly Settings[] = [
	DEFAULT_SETTINGS,
	{ ...DEFAULT_SETTINGS, gracePeriodSeconds: 60, preStopSeconds: 0, passwordEnv: 'pod', runConfigLayout: 'top-level' },
];

const { signal } = new AbortController();

/** The fields that the webhook may write according to SPEC 3, by resource. */
const MAY_WRITE: Readonly<Record<string, RegExp>> = {
	'apps/deployments':
		/^\/spec\/replicas$|^\/metadata$|^\/metadata\/annotations(\/toolhive-scaling~1applied-replicas)?$|^\/spec\/template\/spec\/(terminationGracePeriodSeconds|containers\/\d+\/(lifecycle|env(\/.*)?))$/,
	'apps/deployments/scale': /^\/spec\/replicas$/,
	'apps/statefulsets': /^\/spec\/template\/spec\/containers\/\d+\/env\/.*$/,
	'/configmaps':
		/^\/data\/(runconfig\.json|config\.yaml)$|^\/metadata(\/annotations(\/toolhive\.stacklok\.dev~1content-checksum)?)?$/,
	'/pods': /^\/spec\/containers\/\d+\/env(\/.*)?$/,
	...Object.fromEntries(
		['mcpservers', 'virtualmcpservers', 'mcpremoteproxies'].map((plural) => [
			`toolhive.stacklok.dev/${plural}`,
			/^\/spec(\/(replicas|backendReplicas|sessionStorage)(\/.*)?)?$|^\/metadata(\/managedFields(\/.*)?)?$/,
		]),
	),
};

export const admission: Target = {
	name: 'admission',
	seeds: () => caseReviews().map((one) => JSON.stringify(one)),
	words: ['UPDATE', 'CREATE', 'DELETE', 'ownerReferences', 'sessionStorage', 'deletionTimestamp'],
	check: async (text) => {
		const input = jsonOf(text);
		parseReview(text);
		if (!isObject(input)) return;
		const request = parseReview(JSON.stringify(input['review'] ?? null));
		if ('error' in request) {
			expect(request.error).to.be.a('string').and.not.equal('');
			return;
		}
		const around = Array.isArray(input['around']) ? input['around'].filter(isObject) : [];
		const cluster = clusterOf(around);
		for (const settings of SETTINGS) await checkMutate(frozen(request), cluster, settings);
		checkValidate(frozen(request), cluster);
	},
};

async function checkMutate(request: Request, cluster: Cluster, settings: Settings): Promise<void> {
	const answer = await mutate(request, cluster, settings, signal);
	const patch = patchOf(answer);
	checkEnvelope(request, answer);
	if (patch.length === 0) return;
	const before = request.object as Json;
	const after = patchedWith(before, patch);
	for (const { path } of patch) expect(path).to.match(MAY_WRITE[request.resource] ?? /nothing/);
	const again = await mutate(frozen({ ...request, object: after }), cluster, settings, signal);
	expect(patchOf(again), 'a second pass').to.deep.equal([]);
	expect(await mutate(request, cluster, settings, signal), 'reviewed again').to.deep.equal(answer);
}

function checkValidate(request: Request, cluster: Cluster): void {
	const answer = validate(request, cluster);
	checkEnvelope(request, answer);
	expect(validate(request, cluster), 'reviewed again').to.deep.equal(answer);
	const { object, oldObject, ...others } = request;
	if (object === undefined) return;
	const creationOf = (spec: unknown) =>
		denialsOf(validate({ ...others, operation: 'CREATE', object: { ...object, spec } }, cluster));
	const created = creationOf(object['spec']);
	expect(created, 'what a creation is denied for').to.include.deep.members(denialsOf(answer));
	if (request.operation === 'UPDATE' && oldObject !== undefined && creationOf(oldObject['spec']).length === 0)
		expect(answer.allowed, 'an update of a valid server').to.equal(created.length === 0);
	const unchanged = validate({ ...request, operation: 'UPDATE', oldObject: object }, cluster);
	expect(unchanged.allowed, 'an update that changes nothing').to.equal(true);
}

const denialsOf = (answer: AdmissionDecision) => (answer.allowed ? [] : [...answer.violations]);

function checkEnvelope(request: Request, answer: AdmissionDecision): void {
	const review = JSON.parse(responseText(request.uid, answer)) as { response: Json };
	const { uid, allowed, warnings = [], status } = review.response;
	expect({ uid, allowed }).to.deep.equal({ uid: request.uid, allowed: answer.allowed });
	for (const warning of warnings as string[]) {
		expect(warning.length, warning).to.be.at.most(120);
		expectPrintable(warning);
	}
	if (status !== undefined) expectPrintable(String((status as Json)['message']));
}
