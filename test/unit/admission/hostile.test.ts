/** Sends objects that are designed to break a parser, as text, through both webhooks. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { mutate } from '../../../src/admission/mutate.ts';
import { parseReview, type Request, responseText } from '../../../src/admission/review.ts';
import { validate } from '../../../src/admission/validate.ts';
import { type Json, metadataOf } from '../../../src/api/types.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../src/policy/settings.ts';
import { clusterOf } from '../../harness/memory-cluster.ts';
import { configMap, deployment, mcpServer, NAMESPACE, ownedBy, pod, REDIS } from '../../harness/objects.ts';
import { OPERATOR } from '../../harness/run-handlers.ts';

const search = mcpServer({ replicas: 2, sessionStorage: REDIS });
const CLUSTER = clusterOf([search, deployment(search)]);
const POD_MODE: Settings = { ...DEFAULT_SETTINGS, passwordEnv: 'pod' };
const never = new AbortController().signal;

const OBJECTS = {
	'apps/deployments': deployment(search),
	'/configmaps': configMap(search, '{}'),
	'/pods': pod(search),
	'toolhive.stacklok.dev/mcpservers': search,
} as const;
type Resource = keyof typeof OBJECTS;

const DEPTH = 100_000;
const DEEP_LISTS = '['.repeat(DEPTH) + ']'.repeat(DEPTH);
const PARTS: Readonly<Record<string, string>> = {
	'lists in lists, 100,000 deep': DEEP_LISTS,
	'objects in objects, 100,000 deep': `${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`,
	'100,000 keys': `{${Array.from({ length: 100_000 }, (_, index) => `"k${index}":1`).join()}}`,
	__proto__:
		'{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"template":{"__proto__":{"polluted":1}}}',
	'a lone surrogate': '{"\\ud800":"\\udfff"}',
	'a NUL': '{"\\u0000":"\\u0000"}',
	'a key that is repeated': '{"replicas":1,"replicas":2}',
	'a number beyond any type': '{"replicas":1e999,"sessionStorage":1e999}',
	'a text': '"x"',
	'a list': '[]',
	null: 'null',
};

/**
 * Returns an update by the operator with `part` as text in annotations, spec and data. The first owner has DEEP_LISTS.
 */
function reviewText(full: Resource, part: string, parts: Json = {}, metadata: Json = {}): string {
	const [group, resource] = full.split('/');
	const owner = ownedBy(search);
	const object = {
		...{ ...OBJECTS[full], spec: 'PART', data: { 'runconfig.json': '{}', extra: 'PART' } },
		metadata: {
			...metadataOf(OBJECTS[full]),
			...{ annotations: 'PART', ownerReferences: [{ ...owner, apiVersion: 'DEEP' }, owner], ...metadata },
		},
	};
	const request = {
		...{ uid: 'r', resource: { group, resource }, namespace: NAMESPACE, name: 'search', operation: 'UPDATE' },
		...{ userInfo: { username: OPERATOR }, object, oldObject: object, ...parts },
	};
	const text = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
	return text.replaceAll('"PART"', part).replaceAll('"DEEP"', DEEP_LISTS);
}

function parsed(text: string): Request {
	const request = parseReview(text);
	if ('error' in request) throw new Error(request.error);
	return request;
}

describe('admission › hostile objects', function () {
	this.timeout(60_000);

	for (const [what, part] of Object.entries(PARTS)) {
		for (const full of Object.keys(OBJECTS) as Resource[]) {
			it(`${what} in ${full} › a response`, async () => {
				const request = parsed(reviewText(full, part));
				const decisions = [await mutate(request, CLUSTER, POD_MODE, never), validate(request, CLUSTER)];
				for (const text of decisions.map((decision) => responseText(request.uid, decision))) {
					expect(JSON.parse(text).response.uid).to.equal('r');
					expect(text).not.to.contain('polluted');
				}
				expect(({} as Json)['polluted']).to.equal(undefined);
				expect(Object.keys(Object.prototype)).to.deep.equal([]);
			});
		}
	}

	// The schema has these fields, so validation compares them at every level.
	for (const [depth, outcome] of [
		[1_000, 'a response'],
		[DEPTH, 'an error; no API server accepts more than 10,000 levels'],
	] as const) {
		it(`sessionStorage ${depth} levels deep, changed at the bottom › ${outcome}`, () => {
			const deep = (end: number): string =>
				`{"replicas":2,"sessionStorage":${'{"provider":'.repeat(depth)}${end}${'}'.repeat(depth)}}`;
			const request = {
				...parsed(reviewText('toolhive.stacklok.dev/mcpservers', deep(1))),
				oldObject: parsed(reviewText('toolhive.stacklok.dev/mcpservers', deep(2))).object ?? {},
			};
			if (depth === DEPTH) expect(() => validate(request, CLUSTER)).to.throw(RangeError, 'call stack');
			else expect(validate(request, CLUSTER)).to.have.property('allowed');
		});
	}

	it('numbers beyond 2^53 › the patch has only fields of the product', async () => {
		const big = '"big":9007199254740993';
		const podSpec = `{${big},"containers":[{"name":"toolhive",${big}}]}`;
		const spec = `{"replicas":5,${big},"template":{${big},"spec":${podSpec}}}`;
		const request = parsed(reviewText('apps/deployments', spec, { operation: 'CREATE' }));
		const decision = await mutate(request, CLUSTER, POD_MODE, never);
		const patch = decision.allowed ? decision.patch : [];
		expect(patch).to.have.length.above(0);
		for (const { path } of patch) {
			expect(path).to.match(
				/^\/(metadata\/annotations|spec\/(replicas|template\/spec\/(terminationGracePeriodSeconds|containers\/0\/(env|lifecycle))))/,
			);
		}
		expect(JSON.stringify(patch)).not.to.contain('9007199254740992');
	});

	const lookups = async (metadata: Json, parts: Json): Promise<unknown[]> => {
		const found: unknown[] = [];
		const findServer = (ref: unknown) => void found.push(ref);
		const findDeployment = (...ref: unknown[]) => void found.push(ref);
		for (const full of ['apps/deployments', '/configmaps', '/pods'] as const) {
			const request = parsed(reviewText(full, '{}', { operation: 'CREATE', ...parts }, metadata));
			await mutate(request, { ...CLUSTER, findServer, findDeployment }, POD_MODE, never);
		}
		return found;
	};
	it('the object names another namespace › owners are looked up in the namespace of the request', async () => {
		const found = await lookups({ namespace: 'victim' }, {});
		expect(found).to.have.length.at.least(3);
		for (const ref of found) expect(ref).to.include({ namespace: NAMESPACE });
	});
	for (const field of ['namespace', 'name']) {
		it(`the ${field} is ".." › it is not looked up`, async () => {
			for (const subResource of [undefined, 'scale'])
				expect(JSON.stringify(await lookups({}, { subResource, [field]: '..' }))).not.to.contain('..');
		});
	}
});
