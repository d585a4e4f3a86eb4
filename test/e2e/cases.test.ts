/**
 * Runs the golden cases on a real API server with the webhook configurations. Every document is written. The refusal,
 * the warnings and the stored object must be those in `out.yaml`. `test/unit/cases` only imitates the requests of an
 * API server. These requests are real, with conditions, defaults and uids.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Request } from '../../src/admission/review.ts';
import { crdOf } from '../../src/api/crd.ts';
import { KIND_LIST, type Kind } from '../../src/api/names.ts';
import { type Json, metadataOf } from '../../src/api/types.ts';
import { isBeingDeleted } from '../../src/objects/metadata.ts';
import { CASES, caseNames, flagsOf, INPUT, OUTPUT, readCase } from '../cases/read-case.ts';
import { type Api, type ApiAnswer, openApi } from '../harness/api.ts';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { metricOf } from '../harness/metrics.ts';
import { apply, mustSucceed, type Product, startProduct } from '../harness/product.ts';
import { type Fixture, pathsOf, prepare } from './case-fixture.ts';
import { comparable, type Golden, goldenOf } from './case-golden.ts';

const REVIEWS = 'thv_scaling_review_duration_seconds_count';
const POD_MODE = '--password-env=pod';
const VALIDATING = 'servers.validate.toolhive-scaling.svc';

/**
 * Documents for which the API server calls no webhook, as `case document`, and the reason. `test/unit/cases` still
 * sends them to the handlers. Every other document must cause a call, because a document with wrong labels would prove
 * nothing.
 */
const NOT_CALLED: ReadonlyMap<string, string> = new Map([
	['pod-mode 4', 'a backend Pod: its label app is not that of a proxy'],
	['pod-not-in-pod-mode 2', 'there is a webhook for Pods only in pod mode'],
	['run-config-not-ours 3', 'no server owns it'],
	['scale-anything-else 2', 'a Deployment without the labels of a proxy'],
	['scale-anything-else 3', 'its selector is not that of a proxy'],
	['scale-anything-else 6', 'the selector of a vMCP, which is never stdio'],
	['server-autoscaled-and-pinned 2', 'an HPA'],
	['server-autoscaled-without-redis 2', 'an HPA'],
	['server-autoscaled-without-redis 4', 'an HPA'],
	['server-autoscaler-target-invalid 2', 'an HPA'],
	['server-backend-autoscaled-and-pinned 2', 'an HPA'],
	['server-being-deleted 1', 'being deleted'],
	['server-ratcheting 4', 'being deleted'],
	['server-stdio-autoscaled 2', 'an HPA'],
	['server-warnings 2', 'an HPA'],
]);

const cases = caseNames().map((name) => ({
	...readCase(name),
	flags: flagsOf(readFileSync(join(CASES, name, INPUT), 'utf8')),
	golden: goldenOf(readFileSync(join(CASES, name, OUTPUT), 'utf8'), name),
}));

/** Cases with the same flags, and the product that serves them. All products run at the same time. */
interface Group {
	readonly flags: readonly string[];
	readonly group: typeof cases;
	readonly servedBy: string;
}
const groups: Group[] = [...Map.groupBy(cases, ({ flags }) => flags.join(' ')).values()].map((group, index) => ({
	...{ flags: group[0]?.flags ?? [], group, servedBy: `product-${index + 1}` },
}));

describe('golden cases on a real API server', function () {
	this.timeout(120_000);
	// This suite needs its own control plane, because its CRDs accept any object. Without controllers, no component
	// deletes the hundreds of objects that the cases leave.
	const plane = needControlPlane({ isOwn: true });
	const fixtures = new Map<string, readonly Fixture[]>();
	const products = new Map<string, Product>();
	let api: Api;

	const prepareAll = ({ group, servedBy }: Group): Promise<unknown> =>
		Promise.all(
			group.map(async (one) => {
				const ofCase = one.documents.map((_, index) => prepare(api, one, index, servedBy));
				fixtures.set(one.name, await Promise.all(ofCase));
			}),
		);
	const start = async ({ flags, servedBy }: Group): Promise<void> => {
		const product = await startProduct(plane(), {
			...{ servedBy, crds: 'theirs', withoutAccess: products.size > 0 },
			// Without the reconciler, the API server stores exactly what the webhooks return.
			flags: ['--reconcile=false', ...flags],
			...(flags.includes(POD_MODE) && { overlay: 'manifests/overlays/pod-mode' }),
		});
		products.set(servedBy, product);
	};

	before(async () => {
		await apply(plane(), KIND_LIST.map(looseCrdOf));
		await mustSucceed(plane().kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']));
		api = openApi(plane());
		// Creates the objects before the webhooks, because the webhooks would refuse or change many of them.
		await Promise.all(groups.map(prepareAll));
		// The first product applies the permissions for all products.
		const [first, ...others] = groups.map((group) => () => start(group));
		await first?.();
		await Promise.all(others.map((one) => one()));
	});
	after(async () => {
		await Promise.all([...products.values()].map((product) => product.stop()));
		api?.close();
	});

	for (const { flags, group, servedBy } of groups) {
		describe(['serve', ...flags].join(' '), () => {
			for (const { name, golden } of group) {
				it(name, async () => {
					const ofCase = fixtures.get(name) ?? [];
					expect(ofCase).to.have.length(golden.length);
					for (const [index, fixture] of ofCase.entries()) {
						const document = `${name} ${index + 1}`;
						const product = products.get(servedBy) as Product;
						const before = await metricOf(product, REVIEWS);
						await expectGolden(api, fixture, golden[index] ?? { warnings: [] }, document);
						const isCalled = (await metricOf(product, REVIEWS)) > before;
						expect(isCalled, `${document}, whether a webhook is called`).to.equal(!NOT_CALLED.has(document));
					}
				});
			}
		});
	}
});

/** Writes the document, and compares the response and the stored object with the golden file. */
async function expectGolden(api: Api, { request, here }: Fixture, golden: Golden, document: string): Promise<void> {
	const { item } = pathsOf(request);
	const before = await api.send('GET', item);
	const { status, body, warnings } = await write(api, request, before.body);
	// Warnings from the API server, for example about a repeated variable, do not end with an id.
	const ofProduct = warnings.filter((warning) => / \([a-z-]+\)$/.test(warning));
	expect(ofProduct, `${document}, warnings`).to.have.members(golden.warnings);
	if (golden.denial !== undefined) {
		const message = `admission webhook "${VALIDATING}" denied the request: ${golden.denial}`;
		expect([status, body['message']], document).to.deep.equal([422, message]);
		expect((await api.send('GET', item)).body, `${document}, afterwards`).to.deep.equal(before.body);
		return;
	}
	expect(status, `${document}: ${String(body['message'])}`).to.be.oneOf([200, 201]);
	const after = await api.send('GET', pathsOf({ ...request, name: String(metadataOf(body)['name']) }).item);
	// The API server removes an object that is being deleted when the object loses its last finalizer.
	const stored = isBeingDeleted(body) && after.status === 404 ? body : after.body;
	const expected = withGiven(stored, here(golden.object ?? {}));
	expect(comparable(stored, expected), document).to.deep.equal(expected);
}

/** Writes the object like a client that has read it first. */
function write(api: Api, request: Request, before: Json): Promise<ApiAnswer> {
	const { collection, item } = pathsOf(request);
	const { object = {}, operation, username: as } = request;
	if (operation === 'CREATE') return api.send('POST', collection, { body: object, as });
	const { resourceVersion } = metadataOf(before);
	const metadata = { ...metadataOf(withGiven(before, object)), resourceVersion };
	return api.send('PUT', item, { body: { ...object, metadata }, as });
}

/** Adds the fields that only the API server sets: the uid, and the time of a deletion. */
function withGiven(stored: Json, object: Json): Json {
	const { uid: _, ...metadata } = metadataOf(object);
	const { deletionTimestamp } = metadataOf(stored);
	return { ...object, metadata: { ...metadata, ...(isBeingDeleted(object) && { deletionTimestamp }) } };
}

/**
 * Returns a CRD without scaling fields: no types, no defaults, no rules. With the generated CRDs, the API server would
 * refuse most invalid servers with its own messages, before it calls the webhook.
 */
function looseCrdOf(kind: Kind): object {
	const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
	const crd = crdOf(kind) as { spec: { versions: object[] } };
	const schema = { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } } };
	return { ...crd, spec: { ...crd.spec, versions: crd.spec.versions.map((version) => ({ ...version, schema })) } };
}
