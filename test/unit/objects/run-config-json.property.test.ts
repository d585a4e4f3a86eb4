import { expect } from 'chai';
import fc from 'fast-check';
import { isObject, type Json } from '../../../src/api/types.ts';
import { editRunConfig } from '../../../src/objects/run-config-json.ts';
import type { RunConfigFields } from '../../../src/policy/run-config.ts';
import { foreignJson, runConfigJson } from '../../harness/arbitrary-json.ts';

const optional = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
	fc.option(values, { nil: undefined, freq: 2 });
const wants: fc.Arbitrary<RunConfigFields> = fc
	.record({
		backendReplicas: optional(fc.constantFrom(0, 2, 3)),
		redis: optional(
			fc
				.record({
					address: fc.constantFrom('r:1', 'other:6379', '', '<&>\u2028"'),
					db: optional(fc.constantFrom(0, 2)),
					keyPrefix: optional(fc.constantFrom('a:', '', '😀')),
				})
				.map(withoutUndefined),
		),
	})
	.map(withoutUndefined) as fc.Arbitrary<RunConfigFields>;

function withoutUndefined<T extends object>(value: T): T {
	return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;
}

const layouts = fc.constantFrom('both' as const, 'top-level' as const);
const RUNS = { numRuns: 400 };
const OURS = ['backend_replicas', 'session_redis', 'scaling_config'];

/** Every text here is a JSON object, so there is nothing that could not be edited. */
function edit(text: string, fields: RunConfigFields, layout: 'both' | 'top-level'): string {
	const edited = editRunConfig(text, fields, layout);
	if (edited === undefined) throw new Error('was taken for unreadable');
	return edited;
}

/** `config` without what may be ours. */
const others = (config: Json): Json =>
	Object.fromEntries(Object.entries(config).filter(([key]) => !OURS.includes(key)));

describe('runconfig.json, any of them', () => {
	it('set and turned off again gives back every byte', () => {
		fc.assert(
			fc.property(foreignJson, wants, layouts, (text, fields, layout) => {
				const set = edit(text, fields, layout);
				expect(edit(set, {}, layout)).to.equal(text);
			}),
			RUNS,
		);
	});
	it('switched from one layout to the other and off gives back every byte', () => {
		fc.assert(
			fc.property(foreignJson, wants, (text, fields) => {
				const both = edit(text, fields, 'both');
				const top = edit(both, fields, 'top-level');
				expect(edit(top, {}, 'top-level')).to.equal(text);
				const again = edit(edit(text, fields, 'top-level'), fields, 'both');
				expect(edit(again, {}, 'both')).to.equal(text);
			}),
			RUNS,
		);
	});
	it('a second pass changes nothing', () => {
		fc.assert(
			fc.property(runConfigJson, wants, layouts, (text, fields, layout) => {
				const once = edit(text, fields, layout);
				expect(edit(once, fields, layout)).to.equal(once);
			}),
			RUNS,
		);
	});
	it('what was wanted before leaves no trace', () => {
		fc.assert(
			fc.property(foreignJson, wants, wants, layouts, (text, first, then, layout) => {
				const changed = edit(edit(text, first, layout), then, layout);
				expect(meaning(changed)).to.deep.equal(meaning(edit(text, then, layout)));
			}),
			RUNS,
		);
	});
	it('says what is wanted afterwards, and nothing else has changed', () => {
		fc.assert(
			fc.property(runConfigJson, wants, (text, fields) => {
				const before = JSON.parse(text) as Json;
				const after = JSON.parse(edit(text, fields, 'both')) as Json;
				expect(others(after)).to.deep.equal(others(before));
				const nested = (after['scaling_config'] ?? {}) as Json;
				expect(others(nested)).to.deep.equal(others((before['scaling_config'] ?? {}) as Json));
				if (fields.backendReplicas !== undefined) expect(nested['backend_replicas']).to.equal(fields.backendReplicas);
				else expect(after).to.not.have.property('backend_replicas');
				if (fields.redis === undefined) expect(after).to.not.have.property('session_redis');
				else expect(spoken(nested['session_redis'] as Json)).to.deep.equal(wanted(fields.redis));
			}),
			RUNS,
		);
	});
	it('gets no number for what is unset', () => {
		fc.assert(
			fc.property(foreignJson, wants, layouts, (text, fields, layout) => {
				const after = edit(text, fields, layout);
				const count = (key: string, value: string): number => value.split(`"${key}"`).length;
				if (fields.backendReplicas === undefined) {
					expect(count('backend_replicas', after)).to.equal(count('backend_replicas', text));
				}
				if (fields.redis?.db === undefined) expect(count('db', after)).to.equal(count('db', text));
			}),
			RUNS,
		);
	});
});

/** `text` parsed, with our Redis sections as the runner understands them. */
function meaning(text: string): Json {
	const config = JSON.parse(text) as Json;
	const understood = (part: Json): Json =>
		isObject(part['session_redis']) ? { ...part, session_redis: spoken(part['session_redis']) } : part;
	const nested = config['scaling_config'];
	return { ...understood(config), ...(isObject(nested) && { scaling_config: understood(nested) }) };
}

/** What the runner reads: an absent db is 0, an absent prefix is empty. */
const spoken = (redis: Json): Json => ({
	address: redis['address'],
	db: redis['db'] ?? 0,
	keyPrefix: redis['key_prefix'] ?? '',
});
const wanted = ({ address, db, keyPrefix }: NonNullable<RunConfigFields['redis']>): Json => ({
	address,
	db: db ?? 0,
	keyPrefix: keyPrefix ?? '',
});
