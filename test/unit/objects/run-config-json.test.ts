import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { editRunConfig, runConfigHasTls } from '../../../src/objects/run-config-json.ts';
import type { RunConfigFields } from '../../../src/policy/run-config.ts';

const three = { backendReplicas: 3 };
const redis = { address: 'r:1', db: 2, keyPrefix: 'a:' };
const address = { address: 'r:1' };
/** As they are written. */
const BACKENDS = { backend_replicas: 3 };
const REDIS = { session_redis: { address: 'r:1', db: 2, key_prefix: 'a:' } };
const ADDRESS = { session_redis: address };
const nested = (config: Json): Json => ({ scaling_config: config });
const both = (config: Json): Json => ({ ...config, scaling_config: config });

type Row = [
	title: string,
	fields: RunConfigFields,
	config: Json,
	expected?: Json | undefined,
	layout?: 'both' | 'top-level',
];

const WRITTEN: Row[] = [
	['backend_replicas', three, { name: 'n' }, { name: 'n', ...both(BACKENDS) }],
	['backend_replicas 0', { backendReplicas: 0 }, { name: 'n' }, { name: 'n', ...both({ backend_replicas: 0 }) }],
	['session_redis', { redis }, { name: 'n' }, { name: 'n', ...both(REDIS) }],
	['session_redis without prefix and db', { redis: address }, { name: 'n' }, { name: 'n', ...both(ADDRESS) }],
	[
		'an empty address and db 0',
		{ redis: { address: '', db: 0 } },
		{ name: 'n' },
		{ name: 'n', ...both({ session_redis: { address: '', db: 0 } }) },
	],
	['layout top-level', { ...three, redis }, { name: 'n' }, { name: 'n', ...BACKENDS, ...REDIS }, 'top-level'],
	['an empty object', three, {}, both(BACKENDS)],
	[
		'keys of the operator in scaling_config › kept',
		{ redis: address },
		nested({ backend_replicas: 2, session_cache_size: 9 }),
		{ ...ADDRESS, ...nested({ backend_replicas: 2, session_cache_size: 9, ...ADDRESS }) },
	],
	[
		'another address, with tls of the operator › tls is kept',
		{ redis: { address: 'r:2' } },
		nested({ session_redis: { address: 'r:1', db: 1, tls: { ca: 'x' } } }),
		{ session_redis: { address: 'r:2' }, ...nested({ session_redis: { address: 'r:2', tls: { ca: 'x' } } }) },
	],
	['another count', { backendReplicas: 5 }, both(BACKENDS), both({ backend_replicas: 5 })],
	['an old operator removed scaling_config', three, BACKENDS, both(BACKENDS)],
	['an empty scaling_config', three, nested({}), both(BACKENDS)],
	['one is set and the other unset', three, both(REDIS), both(BACKENDS)],
	[
		'values of wrong types › replaced',
		{ redis: address, ...three },
		{ session_redis: 7, ...nested({ backend_replicas: 'x', session_redis: [] }) },
		both({ ...ADDRESS, ...BACKENDS }),
	],
];

const UNCHANGED: Row[] = [
	['nothing is set', {}, { name: 'n' }],
	['the operator wrote the same', { redis }, nested(REDIS)],
	['the operator wrote the same, layout top-level', { redis }, nested(REDIS), undefined, 'top-level'],
	[
		'an absent db is 0, and an absent key_prefix is empty',
		{ redis: { ...address, db: 0, keyPrefix: '' }, ...three },
		nested({ ...BACKENDS, ...ADDRESS }),
	],
	['the operator added tls', { redis }, nested({ session_redis: { ...REDIS.session_redis, tls: { x: true } } })],
	['unset, and a default Redis of the operator', {}, nested({ session_redis: { address: 'default:6379' } })],
	["unset, and the operator's backend_replicas", { redis }, nested({ backend_replicas: 2, ...REDIS })],
];

const REMOVED: Row[] = [
	['session_redis, with its copy', three, both({ ...BACKENDS, ...REDIS }), both(BACKENDS)],
	['all › scaling_config, too', {}, { name: 'n', ...both(BACKENDS) }, { name: 'n' }],
	[
		"another value in scaling_config is the operator's › kept",
		{},
		{ ...REDIS, ...nested({ session_redis: { address: 'default:6379' } }) },
		nested({ session_redis: { address: 'default:6379' } }),
	],
	[
		'other keys of the operator › kept',
		{},
		{ ...REDIS, ...nested({ session_cache_size: 9, ...REDIS }) },
		nested({ session_cache_size: 9 }),
	],
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

const NOT_OBJECTS = ['', ' ', '3', '"x"', 'null', 'true', '[]', '[{"name":"n"}]'];
const REPEATED = '{"backend_replicas":1,"a":0,"backend_replicas":2}';

describe('runconfig.json › unreadable', () => {
	for (const text of [...NOT_OBJECTS, '{"name":', '{"a":1,}', '{a:1}', '{} x', '\ufeff{}']) {
		it(`${JSON.stringify(text)} › not written, and without TLS`, () => {
			expect(editRunConfig(text, three, 'both')).to.equal(undefined);
			expect(runConfigHasTls(text)).to.equal(false);
		});
	}
	it('a repeated key to remove › not written, because the other one would count', () => {
		expect(editRunConfig(REPEATED, {}, 'both')).to.equal(undefined);
	});
	it('a repeated key to write › the last one is written, because it counts', () => {
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
		[{ tls: {}, ...nested({ tls: {} }) }, false],
	] as const) {
		it(`${JSON.stringify(config)} › ${expected}`, () => {
			expect(runConfigHasTls(JSON.stringify(config))).to.equal(expected);
		});
	}
});
