/**
 * Compares the verdicts of the webhook on the scaling fields with those of the API server, which evaluates the same CEL
 * rule in a CRD with the same schema. The test stores objects that break the rule before it adds the rule to the CRD,
 * so that it can also compare updates of these objects.
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
/** Half of the objects are the same in each run; the others depend on this seed. Set SEED= to repeat a run. */
const SEED = Number(process.env['SEED'] || randomInt(1, 2 ** 31));
const AT_ONCE = 12;
const MESSAGE = 'address is required when provider is redis';

const generated = <T>(values: fc.Arbitrary<T>): T[] =>
	[7, SEED].flatMap((seed) => fc.sample(values, { seed, numRuns: Math.ceil(RUNS / 2) }));

describe(`verdicts of webhook and API server, seed ${SEED}`, function () {
	this.timeout(60_000 + RUNS * 200);
	const plane = needControlPlane();
	const namespace = useNamespace(plane, 'cel');
	const specs = generated(spec);
	const changes = generated(change);
	const path = `/apis/${SESSIONS.group}/v1/namespaces/${namespace.name}/${SESSIONS.plural}`;
	let api: Api;

	before('objects that are stored before the rule exists', async () => {
		api = openApi(plane());
		await apply(plane(), [sessionCrd(false)]);
		// The response is not JSON until the API server serves the CRD.
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
		const verdicts = new Set<boolean>();
		await each(specs, async (wanted, index) => {
			const answer = await api.send('POST', `${path}?dryRun=All`, { body: sessionOf(`new-${index}`, wanted) });
			const decision = validate(request(mcpServer(shown(wanted))), clusterOf([]));
			verdicts.add(decision.allowed);
			compare(decision, answer, { wanted });
		});
		expect(verdicts.size, 'valid and invalid objects').to.equal(2);
	});
	it(`${RUNS} changes, including changes to invalid objects › the same verdict`, async () => {
		await each(changes, async ([stored, wanted], index) => {
			const name = `old-${index}`;
			const answer = await api.send('PUT', `${path}/${name}?dryRun=All`, { body: await replacing(name, wanted) });
			const decision = validate(update(mcpServer(shown(wanted)), mcpServer(shown(stored))), clusterOf([]));
			if (isUnevaluated(answer.body)) {
				// The only difference: the API server refuses every object for which it cannot evaluate the rule, even an
				// update. The webhook refuses the creation of such an object.
				expect(validate(request(mcpServer(shown(wanted))), clusterOf([])).allowed).to.equal(false);
			} else compare(decision, answer, { stored, wanted });
		});
	});

	async function replacing(name: string, wanted: Json): Promise<Json> {
		const { body } = await api.send('GET', `${path}/${name}`);
		return { ...sessionOf(name, wanted), metadata: body['metadata'] };
	}
});

const isUnevaluated = ({ message }: Json): boolean => String(message).includes('evaluating rule');

/** Violations that the CEL rule does not find: the rule only requires an address. */
const BEYOND_CEL = new Set(['redis-address-empty', 'redis-address-invalid', 'redis-key-prefix-invalid']);

function compare(decision: AdmissionDecision, answer: { status: number; body: Json }, about: object): void {
	const violations = decision.allowed ? [] : decision.violations.filter(({ id }) => !BEYOND_CEL.has(id));
	const text = JSON.stringify({ ...about, message: answer.body['message'], violations });
	expect(violations.length === 0 ? [200, 201] : [422], text).to.include(answer.status);
	// The API server does not evaluate rules if a type is wrong.
	if (violations.some(({ id }) => id === 'scaling-field-invalid')) return;
	expect(JSON.stringify(answer.body).includes(MESSAGE), text).to.equal(violations.length > 0);
}

async function each<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
	const waiting = items.entries();
	await Promise.all(
		Array.from({ length: AT_ONCE }, async () => {
			for (const [index, item] of waiting) await work(item, index);
		}),
	);
}
