/** Ratcheting, the order of warnings, and counts at their limits, for servers of every shape. */
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { AdmissionDecision } from '../../../src/admission/response.ts';
import { isObject, type Json } from '../../../src/api/types.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { desiredReplicas } from '../../../src/policy/replicas.ts';
import { WARNING_IDS } from '../../../src/policy/rules.ts';
import { server } from '../../harness/arbitrary.ts';
import { clusterOf } from '../../harness/memory-cluster.ts';
import { mcpServer, stdioServer } from '../../harness/objects.ts';
import { request, update, validated } from '../../harness/run-handlers.ts';
import { change, spec } from '../../harness/sessions.ts';

const RUNS = { numRuns: 300 };
const NOBODY = clusterOf([]);

const denials = (answer: AdmissionDecision): string[] =>
	answer.allowed ? [] : answer.violations.map(({ field, message }) => `${field}: ${message}`);
const isDenied = (object: Json): boolean => !validated(request(object), NOBODY).allowed;

describe('validate, whatever comes', () => {
	it('what does not change is let through, however bad', () => {
		fc.assert(
			fc.property(spec, (bad) => {
				const object = mcpServer(bad);
				expect(denials(validated(update(object, object), NOBODY))).to.deep.equal([]);
			}),
			RUNS,
		);
	});
	it('an update is denied only for what a creation is denied for', () => {
		fc.assert(
			fc.property(change, ([before, now]) => {
				const created = denials(validated(request(mcpServer(now)), NOBODY));
				expect(created).to.include.members(denials(validated(update(mcpServer(now), mcpServer(before)), NOBODY)));
			}),
			RUNS,
		);
	});
	it('an update from good to bad is always denied', () => {
		fc.assert(
			fc.property(change, ([before, now]) => {
				fc.pre(!isDenied(mcpServer(before)) && isDenied(mcpServer(now)));
				expect(validated(update(mcpServer(now), mcpServer(before)), NOBODY).allowed).to.equal(false);
			}),
			RUNS,
		);
	});
	it('null means not set', () => {
		fc.assert(
			fc.property(spec, (some) => {
				const without = (value: unknown): unknown =>
					isObject(value)
						? Object.fromEntries(
								Object.entries(value).flatMap(([key, one]) => (one === null ? [] : [[key, without(one)]])),
							)
						: value;
				const answers = [some, without(some) as Json].map((one) => validated(request(mcpServer(one)), NOBODY));
				expect(denials(answers[0] as AdmissionDecision)).to.deep.equal(denials(answers[1] as AdmissionDecision));
			}),
			RUNS,
		);
	});
	it('warnings are told in the order of the list, the same each time', () => {
		fc.assert(
			fc.property(server, server, (object, before) => {
				const asked = update(object, { ...before, kind: object['kind'] });
				const ids = validated(asked, NOBODY).findings.map(({ id }) => id);
				expect(ids).to.deep.equal(WARNING_IDS.filter((id) => ids.includes(id)));
				expect(validated(asked, NOBODY)).to.deep.equal(validated(asked, NOBODY));
			}),
			RUNS,
		);
	});
});

describe('counts at their limits', () => {
	const LIMITS: { count: number; isAllowed: boolean }[] = [
		{ count: 0, isAllowed: true },
		{ count: 1, isAllowed: true },
		{ count: 2 ** 31 - 1, isAllowed: true },
		{ count: 2 ** 31, isAllowed: false },
		{ count: -1, isAllowed: false },
		{ count: 0.5, isAllowed: false },
		{ count: Number.MAX_SAFE_INTEGER + 1, isAllowed: false },
	];
	for (const { count, isAllowed } of LIMITS) {
		it(`${count} is ${isAllowed ? 'allowed' : 'denied'}, and stdio never gets more than 1`, () => {
			for (const field of ['replicas', 'backendReplicas']) {
				expect(isDenied(mcpServer({ [field]: count })), field).to.equal(!isAllowed);
			}
			const capped = serverOf(stdioServer({ replicas: count }));
			const free = serverOf(mcpServer({ replicas: count }));
			if (capped === undefined || free === undefined) throw new Error('no server');
			const create = { operation: 'create', sent: undefined } as const;
			expect(desiredReplicas(capped, create).replicas ?? 0).to.be.within(0, 1);
			if (isAllowed) expect(desiredReplicas(free, create).replicas).to.equal(count);
		});
	}
});
