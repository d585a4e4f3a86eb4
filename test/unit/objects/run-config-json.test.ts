import { expect } from 'chai';
import fc from 'fast-check';
import type { Json } from '../../../src/api/types.ts';
import { editRunConfig, runConfigHasTls } from '../../../src/objects/run-config-json.ts';
import type { RunConfigFields } from '../../../src/policy/run-config.ts';
import { foreignJson, runConfigJson } from '../../harness/arbitrary-json.ts';

const three = { backendReplicas: 3 };
const redis = { address: 'r:1', db: 2, keyPrefix: 'a:' };
const address = { address: 'r:1' };
/** The fields as they are written. */
const BACKENDS = { backend_replicas: 3 };
const REDIS = { session_redis: { address: 'r:1', db: 2, key_prefix: 'a:' } };
const ADDRESS = { session_redis: address };
const DEFAULT = { session_redis: { address: 'default:6379' } };
const withTls = ({ session_redis }: Json): Json => ({
	session_redis: { ...(session_redis as Json), tls: { ca: 'x' } },
});
const nested = (config: Json, top: Json = {}): Json => ({ ...top, scaling_config: config });
const both = (config: Json): Json => nested(config, config);

type Row = [title: string, fields: RunConfigFields, config: Json, expected?: Json | undefined, layout?: 'top-level'];

const WRITTEN: Row[] = [
	[
		'values of other types are replaced',
		{ redis: address, ...three },
		both({ session_redis: 7, backend_replicas: 'x' }),
		both({ ...BACKENDS, ...ADDRESS }),
	],
	['other keys are kept', { redis: address }, nested({ cache: 9 }), nested({ cache: 9, ...ADDRESS }, ADDRESS)],
	["the operator's tls is kept", { redis: address }, nested(withTls(REDIS)), nested(withTls(ADDRESS), ADDRESS)],
	['another count', { backendReplicas: 5 }, both(BACKENDS), both({ backend_replicas: 5 })],
	['an old operator removed scaling_config', three, BACKENDS, both(BACKENDS)],
	['one is set and the other unset', three, both(REDIS), both(BACKENDS)],
];

const UNCHANGED: Row[] = [
	['the operator wrote the same', { redis }, nested(REDIS)],
	['an absent db is 0, an absent prefix is empty', { redis: { ...address, db: 0, keyPrefix: '' } }, nested(ADDRESS)],
	['the operator wrote the same with tls', { redis }, nested(withTls(REDIS))],
	["unset, and the operator's backend_replicas", { redis }, nested({ backend_replicas: 2, ...REDIS })],
];

const REMOVED: Row[] = [
	['session_redis, with its copy', three, both({ ...BACKENDS, ...REDIS }), both(BACKENDS)],
	['all › scaling_config, too', {}, { name: 'n', ...both(BACKENDS) }, { name: 'n' }],
	["another value in scaling_config is the operator's › kept", {}, nested(DEFAULT, REDIS), nested(DEFAULT)],
	['other keys of the operator › kept', {}, nested({ cache: 9, ...REDIS }, REDIS), nested({ cache: 9 })],
	['layout top-level after both', {}, { name: 'n', ...both(REDIS) }, { name: 'n' }, 'top-level'],
];

for (const [what, rows] of Object.entries({ written: WRITTEN, unchanged: UNCHANGED, removed: REMOVED })) {
	describe(`runconfig.json › ${what}`, () => {
		for (const [title, fields, config, expected, layout = 'both'] of rows) {
			it(title, () => {
				const text = JSON.stringify(config, null, 2);
				const edited = editRunConfig(text, fields, layout) ?? '';
				if (expected === undefined) expect(edited).to.equal(text);
				else expect(JSON.parse(edited)).to.deep.equal(expected);
				expect(editRunConfig(edited, fields, layout), 'a second time').to.equal(edited);
			});
		}
	});
}

const REPEATED = '{"backend_replicas":1,"a":0,"backend_replicas":2}';

describe('runconfig.json › unreadable', () => {
	for (const text of ['', '3', 'null', '[]', '{"a":1,}', '{} x', '\ufeff{}']) {
		it(`${JSON.stringify(text)} › not written, and without TLS`, () => {
			expect(editRunConfig(text, three, 'both')).to.equal(undefined);
			expect(runConfigHasTls(text)).to.equal(false);
		});
	}
	it('a repeated key › the last one is written, because it counts; it cannot be removed', () => {
		expect(editRunConfig(REPEATED, {}, 'both')).to.equal(undefined);
		expect(editRunConfig(REPEATED, three, 'top-level')).to.equal(REPEATED.replace('2}', '3}'));
		const text = '{"scaling_config":{"a":1},"scaling_config":{"backend_replicas":2}}';
		const expected = '{"scaling_config":{"a":1},"scaling_config":{"backend_replicas":3},"backend_replicas":3}';
		expect(editRunConfig(text, three, 'both')).to.equal(expected);
	});
	it('100,000 levels › not written, but 500 levels are', () => {
		const levels = (count: number): string => `{"a":${'['.repeat(count)}${']'.repeat(count)}}`;
		expect(editRunConfig(levels(100_000), three, 'top-level')).to.equal(undefined);
		expect(editRunConfig(levels(500), three, 'top-level')).to.contain('],"backend_replicas":3}');
	});
});

describe('runconfig.json › TLS', () => {
	for (const [config, expected] of [
		[nested({ session_redis: { tls: {} } }), true],
		[{ session_redis: { tls: {} } }, false],
		[nested({ session_redis: { tls: true } }), false],
	] as const) {
		it(`${JSON.stringify(config)} › ${expected}`, () => {
			expect(runConfigHasTls(JSON.stringify(config))).to.equal(expected);
		});
	}
});

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
const RUNS = { numRuns: 800 };
const FIELDS = ['backend_replicas', 'session_redis', 'scaling_config'];

/** Edits a text. Every text in this file is a JSON object, so each edit succeeds. */
function edit(text: string, fields: RunConfigFields, layout: 'both' | 'top-level'): string {
	const edited = editRunConfig(text, fields, layout);
	if (edited === undefined) throw new Error('reported as unreadable');
	return edited;
}

const withoutFields = (config: Json): Json =>
	Object.fromEntries(Object.entries(config).filter(([key]) => !FIELDS.includes(key)));

/** Returns the Redis section as the runner reads it: an absent db is 0, and an absent prefix is empty. */
const asRead = (redis: Json): Json => ({
	address: redis['address'],
	db: redis['db'] ?? 0,
	keyPrefix: redis['keyPrefix'] ?? redis['key_prefix'] ?? '',
});

describe('runconfig.json › any text and any fields', () => {
	it('set, changed to another layout and unset › every byte as before', () => {
		const property = fc.property(foreignJson, wanted, layouts, layouts, (text, fields, layout, other) => {
			const set = edit(edit(text, fields, layout), fields, other);
			expect(edit(set, {}, other)).to.equal(text);
		});
		fc.assert(property, RUNS);
	});
	it('written › the text has the fields, nothing else changes, and a second write changes nothing', () => {
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
		fc.assert(property, RUNS);
	});
});
