/**
 * Our verdict on the scaling fields against the API server's own, which evaluates the same CEL rule in a CRD made of the same schema. Objects
 * that break it were stored before the CRD had it, so that updates of those are compared too.
 */
import { randomInt } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { after, before, describe, it } from 'mocha';
import type { AdmissionDecision } from '../../src/admission/response.ts';
import { validate } from '../../src/admission/validate.ts';
import type { Json } from '../../src/api/types.ts';
import { type Api, openApi } from '../harness/api.ts';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { eventually } from '../harness/eventually.ts';
import { clusterOf } from '../harness/memory-cluster.ts';
import { useNamespace } from '../harness/namespace.ts';
import { mcpServer } from '../harness/objects.ts';
import { apply, mustSucceed } from '../harness/product.ts';
import { request, update } from '../harness/run-handlers.ts';
import { change, SESSIONS, sessionCrd, sessionOf, shown, spec } from '../harness/sessions.ts';

const RUNS = Number(process.env['RUNS'] || 100);
/** The first half is the same each time, the other is new; SEED= repeats it. */
const SEED = Number(process.env['SEED'] || randomInt(1, 2 ** 31));
const AT_ONCE = 12;
const MESSAGE = 'address is required when provider is redis';

const generated = <T>(values: fc.Arbitrary<T>): T[] =>
	[7, SEED].flatMap((seed) => fc.sample(values, { seed, numRuns: Math.ceil(RUNS / 2) }));

describe(`our verdict and the API server’s, seed ${SEED}`, function () {
	this.timeout(60_000 + RUNS * 200);
	const plane = needControlPlane();
	const namespace = useNamespace(plane, 'cel');
	const specs = generated(spec);
	const changes = generated(change);
	const path = `/apis/${SESSIONS.group}/v1/namespaces/${namespace.name}/${SESSIONS.plural}`;
	let api: Api;

	before('stored before the rule was there', async () => {
		api = openApi(plane());
		await apply(plane(), [sessionCrd(false)]);
		// Until it is served, the answer is not even JSON.
		await eventually(() => mustSucceed(plane().kubectl(['get', '--raw', path])));
		await each(changes, async ([stored], index) => {
			const { status, body } = await api.send('POST', path, { body: sessionOf(`old-${index}`, stored) });
			expect(status, JSON.stringify(body)).to.equal(201);
		});
		await apply(plane(), [sessionCrd(true)]);
		const bad = sessionOf('bad', { sessionStorage: { provider: 'redis' } });
		await eventually(async () =>
			expect((await api.send('POST', `${path}?dryRun=All`, { body: bad })).status).to.equal(422),
		);
	});
	after(async () => {
		await plane().kubectl(['delete', 'crd', `${SESSIONS.plural}.${SESSIONS.group}`, '--wait=false']);
		api.close();
	});

	it(`${RUNS} new objects › the same verdict`, async () => {
		await each(specs, async (wanted, index) => {
			const theirs = await api.send('POST', `${path}?dryRun=All`, { body: sessionOf(`new-${index}`, wanted) });
			compare(validate(request(mcpServer(shown(wanted))), clusterOf([])), theirs, { wanted });
		});
	});
	it(`${RUNS} changes, of bad objects too › the same verdict`, async () => {
		await each(changes, async ([stored, wanted], index) => {
			const name = `old-${index}`;
			const theirs = await api.send('PUT', `${path}/${name}?dryRun=All`, { body: await replacing(name, wanted) });
			const ours = validate(update(mcpServer(shown(wanted)), mcpServer(shown(stored))), clusterOf([]));
			if (isUnevaluated(theirs.body)) {
				// The one difference: the API server lets no object through, however old, whose rule it cannot evaluate. We leave that to it, but
				// would never let such an object be created.
				expect(validate(request(mcpServer(shown(wanted))), clusterOf([])).allowed).to.equal(false);
			} else compare(ours, theirs, { stored, wanted });
		});
	});
	it('the new objects › some are valid, some are not', () => {
		const verdicts = new Set(specs.map((one) => validate(request(mcpServer(shown(one))), clusterOf([])).allowed));
		expect([...verdicts].sort()).to.deep.equal([false, true]);
	});

	async function replacing(name: string, wanted: Json): Promise<Json> {
		const { body } = await api.send('GET', `${path}/${name}`);
		return { ...sessionOf(name, wanted), metadata: body['metadata'] };
	}
});

const isUnevaluated = ({ message }: Json): boolean => String(message).includes('evaluating rule');

const OUR_OWN = new Set(['redis-address-empty', 'redis-address-invalid', 'redis-key-prefix-invalid']);

function compare(ours: AdmissionDecision, theirs: { status: number; body: Json }, about: object): void {
	// Reasons of our own: the rule only sees that the address is there.
	const violations = ours.allowed ? [] : ours.violations.filter(({ id }) => !OUR_OWN.has(id));
	const said = JSON.stringify({ ...about, theirs: theirs.body['message'], ours: violations });
	expect(violations.length === 0 ? [200, 201] : [422], said).to.include(theirs.status);
	// The API server evaluates no rule where the shape is wrong.
	if (violations.some(({ id }) => id === 'scaling-field-invalid')) return;
	expect(JSON.stringify(theirs.body).includes(MESSAGE), said).to.equal(violations.length > 0);
}

async function each<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
	const waiting = items.entries();
	await Promise.all(
		Array.from({ length: AT_ONCE }, async () => {
			for (const [index, item] of waiting) await work(item, index);
		}),
	);
}
