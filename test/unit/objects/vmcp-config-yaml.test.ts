import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import { editVmcpConfig, vmcpConfigHasTls } from '../../../src/objects/vmcp-config-yaml.ts';
import type { RedisFields } from '../../../src/policy/run-config.ts';

const redis = { address: 'r:1', db: 2, keyPrefix: 'a:' };
const sessionStorage = { provider: 'redis', ...redis };
const SECTION = "sessionStorage:\n    provider: redis\n    address: r:1\n    db: 2\n    keyPrefix: 'a:'\n";

const BARE = { provider: 'redis', address: 'r:1' };
const TLS = { tls: { a: 'b' } };

/** Without `expected`, the text stays unchanged. */
const ROWS: [title: string, text: string, expected?: object | undefined, wanted?: RedisFields][] = [
	['flow style', '{name: hub}', { name: 'hub', sessionStorage }],
	['an end marker', 'name: hub\n...\n', { name: 'hub', sessionStorage }],
	['tls › kept', 'sessionStorage: {db: 7, tls: {a: b}}\n', { sessionStorage: { ...sessionStorage, ...TLS } }],
	['the section is null', 'name: hub\nsessionStorage: null\n', { name: 'hub', sessionStorage }],
	['the section is an alias', 'a: &x {b: 1}\nsessionStorage: *x\n', { a: { b: 1 }, sessionStorage }],
	['the same section with tls', 'sessionStorage: {provider: redis, address: "r:1", db: 2, keyPrefix: "a:", tls: {}}\n'],
	['db and prefix are unset › removed', SECTION, { sessionStorage: BARE }, { address: 'r:1' }],
	['absent db and prefix', stringify({ sessionStorage: BARE }), undefined, { ...redis, db: 0, keyPrefix: '' }],
];

describe('config.yaml of a vMCP', () => {
	for (const [title, text, expected, wanted = redis] of ROWS) {
		it(`${title} › ${expected === undefined ? 'unchanged' : 'written'}`, () => {
			const edited = editVmcpConfig(text, wanted) ?? '';
			if (expected === undefined) expect(edited).to.equal(text);
			else expect(parse(edited)).to.deep.equal(expected);
			expect(editVmcpConfig(edited, wanted), 'a second time').to.equal(edited);
		});
	}
	const LIKE_YAML = "yes|0x10|1e3|null|~||a: b|it's|- x|#x|ключ:|line\nbreak".split('|');
	for (const value of [...LIKE_YAML, 'a'.repeat(5000)]) {
		it(`an address and a prefix of ${JSON.stringify(value.slice(0, 20))} › strings`, () => {
			const edited = editVmcpConfig('name: hub\n', { address: value, keyPrefix: value }) ?? '';
			// Go's reader knows the words of YAML 1.1.
			const { sessionStorage } = parse(edited, { version: '1.1' });
			expect(sessionStorage).to.deep.equal({ provider: 'redis', address: value, keyPrefix: value });
		});
	}
	it('not one mapping, or a repeated key › not written', () => {
		for (const text of ['', '- a\n', 'x', 'a: [', 'a: 1\na: 2\n', 'a: 1\n---\nb: 2\n'])
			expect(editVmcpConfig(text, redis), text).to.equal(undefined);
	});
	it('TLS › only if tls is a mapping', () => {
		expect(vmcpConfigHasTls('sessionStorage: {tls: {}}')).to.equal(true);
		for (const text of ['- tls', 'sessionStorage: tls', 'sessionStorage: {tls: true}', 'a: [tls'])
			expect(vmcpConfigHasTls(text), text).to.equal(false);
	});
});
