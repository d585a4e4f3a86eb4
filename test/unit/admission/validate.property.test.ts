/** Ratcheting and the order of warnings, for servers of every shape. */
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { AdmissionDecision } from '../../../src/admission/response.ts';
import { isObject, type Json } from '../../../src/api/types.ts';
import { WARNING_IDS } from '../../../src/policy/rules.ts';
import { server } from '../../harness/arbitrary.ts';
import { clusterOf } from '../../harness/memory-cluster.ts';
import { mcpServer } from '../../harness/objects.ts';
import { request, update, validated } from '../../harness/run-handlers.ts';
import { change, spec } from '../../harness/sessions.ts';

const RUNS = { numRuns: 300 };
const EMPTY_CLUSTER = clusterOf([]);

const denials = (answer: AdmissionDecision): string[] =>
	answer.allowed ? [] : answer.violations.map(({ field, message }) => `${field}: ${message}`);
const isDenied = (object: Json): boolean => !validated(request(object), EMPTY_CLUSTER).allowed;

describe('validate › any server', () => {
	it('an update without a change › allowed', () => {
		fc.assert(
			fc.property(spec, (fields) => {
				const object = mcpServer(fields);
				expect(denials(validated(update(object, object), EMPTY_CLUSTER))).to.deep.equal([]);
			}),
			RUNS,
		);
	});
	it('an update › denied only for what a creation is denied for', () => {
		fc.assert(
			fc.property(change, ([before, now]) => {
				const created = denials(validated(request(mcpServer(now)), EMPTY_CLUSTER));
				expect(created).to.include.members(
					denials(validated(update(mcpServer(now), mcpServer(before)), EMPTY_CLUSTER)),
				);
			}),
			RUNS,
		);
	});
	it('an update from valid to invalid › denied', () => {
		fc.assert(
			fc.property(change, ([before, now]) => {
				fc.pre(!isDenied(mcpServer(before)) && isDenied(mcpServer(now)));
				expect(validated(update(mcpServer(now), mcpServer(before)), EMPTY_CLUSTER).allowed).to.equal(false);
			}),
			RUNS,
		);
	});
	it('null › the same as unset', () => {
		fc.assert(
			fc.property(spec, (some) => {
				const without = (value: unknown): unknown =>
					isObject(value)
						? Object.fromEntries(
								Object.entries(value).flatMap(([key, one]) => (one === null ? [] : [[key, without(one)]])),
							)
						: value;
				const created = (fields: Json) => denials(validated(request(mcpServer(fields)), EMPTY_CLUSTER));
				expect(created(some)).to.deep.equal(created(without(some) as Json));
			}),
			RUNS,
		);
	});
	it('warnings › in the order of the list, the same each time', () => {
		fc.assert(
			fc.property(server, server, (object, before) => {
				const asked = update(object, { ...before, kind: object['kind'] });
				const ids = validated(asked, EMPTY_CLUSTER).findings.map(({ id }) => id);
				expect(ids).to.deep.equal(WARNING_IDS.filter((id) => ids.includes(id)));
				expect(validated(asked, EMPTY_CLUSTER)).to.deep.equal(validated(asked, EMPTY_CLUSTER));
			}),
			RUNS,
		);
	});
});
