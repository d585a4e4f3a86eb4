import { expect } from 'chai';
import fc from 'fast-check';
import { isObject, type Json } from '../../../src/api/types.ts';
import { editRunConfig } from '../../../src/objects/run-config-json.ts';
import type { RunConfigFields } from '../../../src/policy/run-config.ts';
import { foreignJson, runConfigJson } from '../../harness/arbitrary-json.ts';

const redisFields = fc.record(
	{
		address: fc.constantFrom('r:1', 'other:6379', '', '<&>\u2028"'),
		db: fc.constantFrom(0, 2),
		keyPrefix: fc.constantFrom('a:', '', '😀'),
	},
	{ requiredKeys: ['address'] },
);
const wanted: fc.Arbitrary<RunConfigFields> = fc.record(
	{ backendReplicas: fc.constantFrom(0, 2, 3), redis: redisFields },
	{ requiredKeys: [] },
);
const layouts = fc.constantFrom('both' as const, 'top-level' as const);
const RUNS = { numRuns: 400 };
const FIELDS = ['backend_replicas', 'session_redis', 'scaling_config'];

/** Every text here is a JSON object, so each can be edited. */
function edit(text: string, fields: RunConfigFields, layout: 'both' | 'top-level'): string {
	const edited = editRunConfig(text, fields, layout);
	if (edited === undefined) throw new Error('reported as unreadable');
	return edited;
}

const withoutFields = (config: Json): Json =>
	Object.fromEntries(Object.entries(config).filter(([key]) => !FIELDS.includes(key)));

/** What the runner reads: an absent db is 0, an absent prefix is empty. */
const asRead = (redis: Json): Json => ({
	address: redis['address'],
	db: redis['db'] ?? 0,
	keyPrefix: redis['keyPrefix'] ?? redis['key_prefix'] ?? '',
});

/** `text` parsed, with Redis sections as the runner reads them. */
function meaning(text: string): Json {
	const config = JSON.parse(text) as Json;
	const read = (part: Json): Json =>
		isObject(part['session_redis']) ? { ...part, session_redis: asRead(part['session_redis']) } : part;
	const nested = config['scaling_config'];
	return { ...read(config), ...(isObject(nested) && { scaling_config: read(nested) }) };
}

describe('runconfig.json › any text and any fields', () => {
	it('set, changed to another layout and unset › every byte as before', () => {
		const property = fc.property(foreignJson, wanted, layouts, layouts, (text, fields, layout, other) => {
			const set = edit(edit(text, fields, layout), fields, other);
			expect(edit(set, {}, other)).to.equal(text);
		});
		fc.assert(property, { numRuns: 2 * RUNS.numRuns });
	});
	it('other fields were written before › nothing of them is left', () => {
		const property = fc.property(foreignJson, wanted, wanted, layouts, (text, first, then, layout) => {
			const changed = edit(edit(text, first, layout), then, layout);
			expect(meaning(changed)).to.deep.equal(meaning(edit(text, then, layout)));
		});
		fc.assert(property, RUNS);
	});
	it('written › it has the fields, nothing else is changed, and a second time nothing at all', () => {
		const property = fc.property(runConfigJson, wanted, layouts, (text, fields, layout) => {
			const once = edit(text, fields, layout);
			expect(edit(once, fields, layout)).to.equal(once);
			if (layout === 'top-level') return;
			const before = JSON.parse(text) as Json;
			const after = JSON.parse(once) as Json;
			const nested = (after['scaling_config'] ?? {}) as Json;
			expect(withoutFields(after)).to.deep.equal(withoutFields(before));
			expect(withoutFields(nested)).to.deep.equal(withoutFields((before['scaling_config'] ?? {}) as Json));
			if (fields.backendReplicas === undefined) expect(after).to.not.have.property('backend_replicas');
			else expect(nested['backend_replicas']).to.equal(fields.backendReplicas);
			if (fields.redis === undefined) expect(after).to.not.have.property('session_redis');
			else expect(asRead(nested['session_redis'] as Json)).to.deep.equal(asRead({ ...fields.redis }));
		});
		fc.assert(property, { numRuns: 2 * RUNS.numRuns });
	});
	it('unset fields › no number is written for them', () => {
		const property = fc.property(foreignJson, wanted, layouts, (text, fields, layout) => {
			const after = edit(text, fields, layout);
			const unset = fields.backendReplicas === undefined ? ['"backend_replicas"'] : [];
			if (fields.redis?.db === undefined) unset.push('"db"');
			for (const key of unset) expect(after.split(key)).to.have.length(text.split(key).length);
		});
		fc.assert(property, RUNS);
	});
});
