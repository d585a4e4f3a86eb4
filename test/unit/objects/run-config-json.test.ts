import { expect } from 'chai';
import fc from 'fast-check';
import type { Json } from '../../../src/api/types.ts';
import { editRunConfig, runConfigHasTls } from '../../../src/objects/run-config-json.ts';
import type { RunConfigFields } from '../../../src/policy/run-config.ts';
import { foreignJson } from '../../harness/arbitrary-json.ts';

const three = { backendReplicas: 3 };
const redis = { address: 'r:1', db: 2, keyPrefix: 'a:' };
const address = { address: 'r:1' };
/** The fields as they are written. */
const BACKENDS = { backend_replicas: 3 };
const REDIS = { session_redis: { address: 'r:1', db: 2, key_prefix: 'a:' } };
const ADDRESS = { session_redis: address };
const withTls = ({ session_redis }: Json): Json => ({
	session_redis: { ...(session_redis as Json), tls: { ca: 'x' } },
});
const nested = (config: Json, top: Json = {}): Json => ({ ...top, scaling_config: config });
const both = (config: Json): Json => nested(config, config);

type Row = [title: string, fields: RunConfigFields, config: Json, expected?: Json | undefined, layout?: 'top-level'];

const ROWS: Row[] = [
	[
		'values of other types › replaced',
		{ redis: address, ...three },
		both({ session_redis: 7, backend_replicas: 'x' }),
		both({ ...BACKENDS, ...ADDRESS }),
	],
	["the operator's tls › kept", { redis: address }, nested(withTls(REDIS)), nested(withTls(ADDRESS), ADDRESS)],
	['one is set and the other unset', three, both(REDIS), both(BACKENDS)],
	['the operator wrote the same with tls › unchanged', { redis }, nested(withTls(REDIS))],
	["unset, and the operator's backend_replicas › kept", { redis }, nested({ backend_replicas: 2, ...REDIS })],
	['unset, and other keys of the operator › kept', {}, nested({ cache: 9, ...REDIS }, REDIS), nested({ cache: 9 })],
	['layout top-level after both › removed', {}, { name: 'n', ...both(REDIS) }, { name: 'n' }, 'top-level'],
];

describe('runconfig.json', () => {
	for (const [title, fields, config, expected, layout = 'both'] of ROWS) {
		it(title, () => {
			const text = JSON.stringify(config, null, 2);
			const edited = editRunConfig(text, fields, layout) ?? '';
			if (expected === undefined) expect(edited).to.equal(text);
			else expect(JSON.parse(edited)).to.deep.equal(expected);
			expect(editRunConfig(edited, fields, layout), 'a second time').to.equal(edited);
		});
	}
});

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

describe('runconfig.json › any text and any fields', () => {
	it('set, changed to another layout and unset › every byte as before', () => {
		const fields = {
			address: fc.constantFrom('r:1', '', '<&>\u2028"'),
			db: fc.constantFrom(0, 2),
			keyPrefix: fc.constantFrom('a:', ''),
		};
		const ofRedis = fc.record(fields, { requiredKeys: ['address'] });
		const wanted = fc.record({ backendReplicas: fc.constantFrom(0, 2), redis: ofRedis }, { requiredKeys: [] });
		const layouts = fc.constantFrom('both' as const, 'top-level' as const);
		const property = fc.property(foreignJson, wanted, layouts, layouts, (text, fields, first, then) => {
			const set = editRunConfig(editRunConfig(text, fields, first) ?? '', fields, then) ?? '';
			expect(editRunConfig(set, {}, then)).to.equal(text);
		});
		fc.assert(property, { numRuns: 800 });
	});
});
