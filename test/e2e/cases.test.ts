/**
 * The fourth door of the golden cases: every document of every case is written to a real API server that has the product's
 * registrations, and must be refused, warned of and stored as `out.yaml` says. Where the other doors play what an API server
 * is said to send, here it does: with its own conditions, defaults, uids and warnings.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { crdOf } from '../../src/api/crd.ts';
import { KIND_LIST, type Kind } from '../../src/api/names.ts';
import { type Json, metadataOf } from '../../src/api/types.ts';
import { isBeingDeleted } from '../../src/objects/metadata.ts';
import { CASES, caseNames, flagsOf, INPUT, OUTPUT, readCase } from '../cases/read-case.ts';
import { type Api, type ApiAnswer, openApi } from '../harness/api.ts';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { metricOf } from '../harness/metrics.ts';
import { apply, mustSucceed, type Product, startProduct } from '../harness/product.ts';
import { pathsOf, type Scene, setScene } from './case-fixture.ts';
import { comparable, type Golden, goldenOf, isOurs } from './case-golden.ts';
import { UNASKED } from './case-unasked.ts';

const REVIEWS = 'thv_scaling_review_duration_seconds_count';
const POD_MODE = '--password-env=pod';
const VALIDATING = 'servers.validate.toolhive-scaling.svc';

const cases = caseNames().map((name) => ({
	...readCase(name),
	flags: flagsOf(readFileSync(join(CASES, name, INPUT), 'utf8')),
	golden: goldenOf(readFileSync(join(CASES, name, OUTPUT), 'utf8'), name),
}));

/** Cases with the same flags, and the product that serves them. All products serve at the same time. */
interface Group {
	readonly flags: readonly string[];
	readonly group: typeof cases;
	readonly servedBy: string;
}
const groups: Group[] = [...Map.groupBy(cases, ({ flags }) => flags.join(' ')).values()].map((group, index) => ({
	flags: group[0]?.flags ?? [],
	group,
	servedBy: `product-${index + 1}`,
}));

describe('golden cases on a real API server', function () {
	this.timeout(120_000);
	// The CRDs are loosened and some hundred objects are left behind, which without controllers nobody would collect.
	const plane = needControlPlane({ isOwn: true });
	const scenes = new Map<string, readonly Scene[]>();
	const products = new Map<string, Product>();
	let api: Api;

	const setScenes = async ({ group, servedBy }: Group): Promise<void> => {
		const setting = group.map(async (one) => {
			const ofCase = one.documents.map((_, index) => setScene(api, one, index, servedBy));
			scenes.set(one.name, await Promise.all(ofCase));
		});
		await Promise.all(setting);
	};
	const start = async ({ flags, servedBy }: Group): Promise<void> => {
		const product = await startProduct(plane(), {
			servedBy,
			crds: 'theirs',
			withoutAccess: products.size > 0,
			// Without the reconciler: what is stored is what the webhooks made of it.
			flags: ['--reconcile=false', ...flags],
			...(flags.includes(POD_MODE) && { overlay: 'manifests/overlays/pod-mode' }),
		});
		products.set(servedBy, product);
	};

	before(async () => {
		await apply(plane(), KIND_LIST.map(looseCrdOf));
		await mustSucceed(plane().kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']));
		api = openApi(plane());
		// Before anything is registered, because much of what is there already would be refused or changed today.
		await Promise.all(groups.map(setScenes));
		// The first brings the permissions of all.
		const [first, ...others] = groups.map((group) => () => start(group));
		await first?.();
		await Promise.all(others.map((one) => one()));
	});
	after(async () => {
		await Promise.all([...products.values()].map((product) => product.stop()));
		api?.close();
	});

	it('documents that cause no call › each exists', () => {
		const documents = cases.flatMap(({ name, golden }) => golden.map((_, index) => `${name} ${index + 1}`));
		expect(documents).to.include.members([...UNASKED.keys()]);
	});
	for (const { flags, group, servedBy } of groups) {
		describe(['serve', ...flags].join(' '), () => {
			for (const { name, golden } of group) {
				it(name, async () => {
					const played = scenes.get(name) ?? [];
					expect(played).to.have.length(golden.length);
					for (const [index, scene] of played.entries()) {
						const which = `${name} ${index + 1}`;
						const product = products.get(servedBy) as Product;
						const before = await metricOf(product, REVIEWS);
						await expectGolden(api, scene, golden[index] ?? { warnings: [] }, which);
						const isAsked = (await metricOf(product, REVIEWS)) > before;
						expect(isAsked, `${which}, whether we are asked`).to.equal(!UNASKED.has(which));
					}
				});
			}
		});
	}
});

/** Writes the document, and looks at the answer and at what is stored then. */
async function expectGolden(api: Api, scene: Scene, golden: Golden, which: string): Promise<void> {
	const { request } = scene;
	const { item } = pathsOf(request);
	const before = await api.send('GET', item);
	const { status, body, warnings } = await write(api, scene, before.body);
	expect(warnings.filter(isOurs), `${which}, warnings`).to.have.members(golden.warnings);
	if (golden.denial !== undefined) {
		const message = `admission webhook "${VALIDATING}" denied the request: ${golden.denial}`;
		expect([status, body['message']], which).to.deep.equal([422, message]);
		expect((await api.send('GET', item)).body, `${which}, afterwards`).to.deep.equal(before.body);
		return;
	}
	expect(status, `${which}: ${String(body['message'])}`).to.be.oneOf([200, 201]);
	const after = await api.send('GET', pathsOf({ ...request, name: String(metadataOf(body)['name']) }).item);
	// What was being deleted and lost its last finalizer is gone.
	const stored = isBeingDeleted(body) && after.status === 404 ? body : after.body;
	const expected = asGivenBy(stored, scene.here(golden.object ?? {}));
	expect(comparable(stored, expected), which).to.deep.equal(expected);
}

/** As a client that has read the object before it changes it. */
function write(api: Api, { request }: Scene, before: Json): Promise<ApiAnswer> {
	const { collection, item } = pathsOf(request);
	const { object = {}, operation, username: as } = request;
	if (operation === 'CREATE') return api.send('POST', collection, { body: object, as });
	const { resourceVersion } = metadataOf(before);
	const metadata = { ...metadataOf(asGivenBy(before, object)), resourceVersion };
	return api.send('PUT', item, { body: { ...object, metadata }, as });
}

/** With what only the API server gives: the uid, and the time of a deletion. */
function asGivenBy(stored: Json, object: Json): Json {
	const { uid: _, ...metadata } = metadataOf(object);
	const { deletionTimestamp } = metadataOf(stored);
	return { ...object, metadata: { ...metadata, ...(isBeingDeleted(object) && { deletionTimestamp }) } };
}

/**
 * The CRD as of a cluster that knows nothing of scaling: no types, no defaults, no rule. With ours the API server itself would
 * refuse most bad servers, in its own words, and ours would never be heard.
 */
function looseCrdOf(kind: Kind): object {
	const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
	const crd = crdOf(kind) as { spec: { versions: object[] } };
	const versions = crd.spec.versions.map((version) => ({
		...version,
		schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } } },
	}));
	return { ...crd, spec: { ...crd.spec, versions } };
}
