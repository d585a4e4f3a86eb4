/** Sends objects that are designed to break a parser through both webhooks. Fuzz target admission sends smaller ones. */
import { expect } from 'chai';
import { mutate } from '../../../src/admission/mutate.ts';
import { type Request, responseText } from '../../../src/admission/review.ts';
import { validate } from '../../../src/admission/validate.ts';
import { type Json, metadataOf } from '../../../src/api/types.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { clusterOf } from '../../harness/memory-cluster.ts';
import { configMap, deployment, mcpServer, NAMESPACE, ownedBy, pod, REDIS } from '../../harness/objects.ts';
import { mutated, patchOf, request } from '../../harness/run-handlers.ts';

const search = mcpServer({ replicas: 2, sessionStorage: REDIS });
const CLUSTER = clusterOf([search, deployment(search)]);
const POD_MODE = { ...DEFAULT_SETTINGS, passwordEnv: 'pod' } as const;
const never = new AbortController().signal;

const DEPTH = 100_000;
const deep: unknown = JSON.parse('['.repeat(DEPTH) + ']'.repeat(DEPTH));
const PARTS: Readonly<Record<string, unknown>> = {
	'lists in lists, 100,000 deep': deep,
	'100,000 keys': Object.fromEntries(Array.from({ length: DEPTH }, (_, index) => [`k${index}`, 1])),
	['__proto__']: JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
};

/** Returns an update without a change. The object is not frozen, because that would exceed the call stack. */
const updateOf = (object: Json, oldObject = object): Request => ({
	...request({ kind: object['kind'], metadata: { name: 'search' } }, { operation: 'UPDATE' }),
	...{ object, oldObject },
});

describe('admission › hostile objects', () => {
	for (const [what, part] of Object.entries(PARTS)) {
		for (const object of [deployment(search), configMap(search, '{}'), pod(search), search]) {
			it(`${what} in ${object['kind']} › a response`, async () => {
				const ownerReferences = [{ ...ownedBy(search), apiVersion: deep }, ownedBy(search)];
				const metadata = { ...metadataOf(object), annotations: part, ownerReferences };
				const asked = updateOf({ ...object, metadata, spec: part, data: { 'runconfig.json': '{}', extra: part } });
				for (const decision of [await mutate(asked, CLUSTER, POD_MODE, never), validate(asked, CLUSTER)])
					expect(responseText('r', decision)).to.contain('"uid":"r"').and.not.contain('polluted');
				expect(({} as Json)['polluted']).to.equal(undefined);
			});
		}
	}

	// The schema has these fields, so validation compares them at every level.
	for (const [depth, outcome] of [
		[1_000, 'a response'],
		[DEPTH, 'an error; no API server accepts more than 10,000 levels'],
	] as const) {
		it(`sessionStorage ${depth} levels deep, changed at the bottom › ${outcome}`, () => {
			const changed = (end: number): Json =>
				mcpServer({ sessionStorage: JSON.parse(`${'{"provider":'.repeat(depth)}${end}${'}'.repeat(depth)}`) });
			const asked = updateOf(changed(1), changed(2));
			if (depth === DEPTH) expect(() => validate(asked, CLUSTER)).to.throw(RangeError, 'call stack');
			else expect(validate(asked, CLUSTER)).to.have.property('allowed');
		});
	}

	it('numbers beyond 2^53 › the patch has only fields of the product', async () => {
		const big = JSON.parse('{"big":9007199254740993}') as Json;
		const podSpec = { ...big, containers: [{ name: 'toolhive', ...big }] };
		const patch = patchOf(await mutated(request(deployment(search, { replicas: 5, ...big }, podSpec)), CLUSTER));
		expect(patch.map(({ path }) => path)).to.have.members([
			...['/metadata/annotations', '/spec/replicas', '/spec/template/spec/terminationGracePeriodSeconds'],
			'/spec/template/spec/containers/0/lifecycle',
		]);
	});

	/** Returns the references that are looked up for each kind of object. */
	const lookups = async (metadata: Json, parts: Partial<Request>): Promise<unknown[]> => {
		const found: unknown[] = [];
		const findServer = (ref: unknown) => void found.push(ref);
		const findDeployment = (...ref: unknown[]) => void found.push(ref);
		for (const object of [deployment(search), configMap(search, '{}'), pod(search)]) {
			const asked = request({ ...object, metadata: { ...metadataOf(object), ...metadata } }, parts);
			await mutated(asked, { ...CLUSTER, findServer, findDeployment }, POD_MODE);
		}
		return found;
	};
	it('the object names another namespace › owners are looked up in the namespace of the request', async () => {
		const found = await lookups({ namespace: 'victim' }, {});
		expect(found).to.have.length(3);
		for (const ref of found) expect(ref).to.include({ namespace: NAMESPACE });
	});
	for (const field of ['namespace', 'name']) {
		it(`the ${field} is ".." › it is not looked up`, async () => {
			for (const parts of [{}, { resource: 'apps/deployments/scale' }])
				expect(JSON.stringify(await lookups({}, { ...parts, [field]: '..' }))).not.to.contain('..');
		});
	}
});
