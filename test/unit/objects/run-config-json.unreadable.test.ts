import { expect } from 'chai';
import { editRunConfig, runConfigHasTls } from '../../../src/objects/run-config-json.ts';

const TWICE = '{"backend_replicas":1,"a":0,"backend_replicas":2}';
const UNREADABLE = [
	'',
	' ',
	'3',
	'"x"',
	'null',
	'true',
	'[]',
	'[{"name":"n"}]',
	'{"name":',
	'{"a":1,}',
	'{a:1}',
	'{} x',
	'\ufeff{}',
];

describe('runconfig.json that cannot be used', () => {
	for (const text of UNREADABLE) {
		it(`${JSON.stringify(text)} is left alone`, () => {
			expect(editRunConfig(text, { backendReplicas: 3 }, 'both')).to.equal(undefined);
		});
	}
	it('is what says twice what is to go: the other one would count then', () => {
		expect(editRunConfig(TWICE, {}, 'both')).to.equal(undefined);
	});
	it('is not what says twice what is to change: the last one counts', () => {
		expect(editRunConfig(TWICE, { backendReplicas: 3 }, 'top-level')).to.equal(TWICE.replace('2}', '3}'));
		const config = '{"scaling_config":{"a":1},"scaling_config":{"backend_replicas":2}}';
		const edited = editRunConfig(config, { backendReplicas: 3 }, 'both');
		expect(edited).to.equal('{"scaling_config":{"a":1},"scaling_config":{"backend_replicas":3},"backend_replicas":3}');
	});
	it('is what is nested 100,000 levels deep', () => {
		const nested = (levels: number): string => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
		expect(editRunConfig(nested(100_000), { backendReplicas: 3 }, 'top-level')).to.equal(undefined);
		expect(editRunConfig(nested(500), { backendReplicas: 3 }, 'top-level')).to.contain('],"backend_replicas":3}');
	});
	it('carries no TLS', () => {
		for (const text of UNREADABLE) expect(runConfigHasTls(text), text).to.equal(false);
	});
});

describe('TLS that the operator wrote', () => {
	const TABLE = [
		{ it: 'under scaling_config.session_redis', config: { scaling_config: { session_redis: { tls: {} } } }, has: true },
		{ it: 'not at top level', config: { session_redis: { tls: {} } }, has: false },
		{ it: 'not as a flag', config: { scaling_config: { session_redis: { tls: true } } }, has: false },
		{ it: 'not anywhere else', config: { tls: {}, scaling_config: { tls: {} } }, has: false },
	];
	for (const { it: title, config, has } of TABLE) {
		it(title, () => {
			expect(runConfigHasTls(JSON.stringify(config))).to.equal(has);
		});
	}
});
