/**
 * Compares the verdicts of the webhook on the scaling fields of new objects with those of the API server, which
 * evaluates the same CEL rule in a CRD with the same schema.
 */
import { randomInt } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { after, before, describe, it } from 'mocha';
import { validate } from '../../src/admission/validate.ts';
import { openApi } from '../harness/api.ts';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { eventually } from '../harness/eventually.ts';
import { clusterOf } from '../harness/memory-cluster.ts';
import { useNamespace } from '../harness/namespace.ts';
import { mcpServer } from '../harness/objects.ts';
import { apply, mustSucceed } from '../harness/product.ts';
import { request } from '../harness/run-handlers.ts';
import { SESSIONS, sessionCrd, sessionOf, shown, spec } from '../harness/sessions.ts';

const RUNS = Number(process.env['RUNS'] || 100);
/** Half of the objects are the same in each run; the others depend on this seed. Set SEED= to repeat a run. */
const SEED = Number(process.env['SEED'] || randomInt(1, 2 ** 31));
const MESSAGE = 'address is required when provider is redis';
/** Violations that the CEL rule does not find: the rule only requires an address. */
const BEYOND_CEL = new Set(['redis-address-empty', 'redis-address-invalid', 'redis-key-prefix-invalid']);

describe(`verdicts of webhook and API server, seed ${SEED}`, function () {
	this.timeout(60_000 + RUNS * 200);
	const plane = needControlPlane();
	const namespace = useNamespace(plane, 'cel');
	const path = `/apis/${SESSIONS.group}/v1/namespaces/${namespace.name}/${SESSIONS.plural}`;
	before('CRD', async () => {
		await apply(plane(), [sessionCrd()]);
		// The response is not JSON until the API server serves the CRD.
		await eventually(() => mustSucceed(plane().kubectl(['get', '--raw', path])));
	});
	after(() => plane().kubectl(['delete', 'crd', `${SESSIONS.plural}.${SESSIONS.group}`, '--wait=false']));

	it(`${RUNS} new objects › the same verdict`, async () => {
		const api = openApi(plane());
		const specs = [7, SEED].flatMap((seed) => fc.sample(spec, { seed, numRuns: Math.ceil(RUNS / 2) }));
		const verdicts = new Set<boolean>();
		for (const [index, wanted] of specs.entries()) {
			const { status, body } = await api.send('POST', `${path}?dryRun=All`, {
				body: sessionOf(`new-${index}`, wanted),
			});
			const decision = validate(request(mcpServer(shown(wanted))), clusterOf([]));
			const violations = decision.allowed ? [] : decision.violations.filter(({ id }) => !BEYOND_CEL.has(id));
			const text = JSON.stringify({ wanted, message: body['message'], violations });
			expect(status, text).to.equal(violations.length === 0 ? 201 : 422);
			// The API server does not evaluate rules if a type is wrong.
			if (!violations.some(({ id }) => id === 'scaling-field-invalid'))
				expect(JSON.stringify(body).includes(MESSAGE), text).to.equal(violations.length > 0);
			verdicts.add(violations.length === 0);
		}
		api.close();
		expect(verdicts.size, 'valid and invalid objects').to.equal(2);
	});
});
