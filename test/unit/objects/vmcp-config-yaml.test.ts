import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import { editVmcpConfig, vmcpConfigHasTls } from '../../../src/objects/vmcp-config-yaml.ts';
import type { RedisFields } from '../../../src/policy/run-config.ts';

const redis = { address: 'r:1', db: 2, keyPrefix: 'a:' };
const sessionStorage = { provider: 'redis', ...redis };
const SECTION = "sessionStorage:\n    provider: redis\n    address: r:1\n    db: 2\n    keyPrefix: 'a:'\n";
const LAYOUT = "name:   hub # comment\nlist: [a,   b]\nincomingAuth:\n    type: anonymous\n# end\nfmt: '{workload}_'\n";

const BARE = { provider: 'redis', address: 'r:1' };
const TLS = { tls: { a: 'b' } };

/** Without `expected`, the text stays unchanged. */
const ROWS: [title: string, text: string, expected?: object | undefined, wanted?: RedisFields][] = [
	['no newline at the end', 'name: hub', { name: 'hub', sessionStorage }],
	['flow style', '{name: hub}', { name: 'hub', sessionStorage }],
	['an empty mapping', '{}', { sessionStorage }],
	['an end marker', 'name: hub\n...\n', { name: 'hub', sessionStorage }],
	['another address', 'sessionStorage:\n  provider: redis\n  address: r:2\nz: 1\n', { sessionStorage, z: 1 }],
	['the operator wrote memory', 'sessionStorage: {provider: memory}\n', { sessionStorage }],
	['tls › kept', 'sessionStorage: {db: 7, tls: {a: b}}\n', { sessionStorage: { ...sessionStorage, ...TLS } }],
	['the section is null', 'name: hub\nsessionStorage: null\n', { name: 'hub', sessionStorage }],
	['the section is a string', 'sessionStorage: redis\n', { sessionStorage }],
	['the section is an alias', 'a: &x {b: 1}\nsessionStorage: *x\n', { a: { b: 1 }, sessionStorage }],
	['the same section', SECTION],
	['the same section with tls', 'sessionStorage: {provider: redis, address: "r:1", db: 2, keyPrefix: "a:", tls: {}}\n'],
	['db and prefix are unset › removed', SECTION, { sessionStorage: BARE }, { address: 'r:1' }],
	['absent db and prefix', stringify({ sessionStorage: BARE }), undefined, { ...redis, db: 0, keyPrefix: '' }],
];

describe('config.yaml of a vMCP', () => {
	it("no section › appended in the operator's indent, every other byte is kept", () => {
		expect(editVmcpConfig(LAYOUT, redis)).to.equal(LAYOUT + SECTION);
	});
	for (const [title, text, expected, wanted = redis] of ROWS) {
		it(`${title} › ${expected === undefined ? 'unchanged' : 'written'}`, () => {
			const edited = editVmcpConfig(text, wanted) ?? '';
			if (expected === undefined) expect(edited).to.equal(text);
			else expect(parse(edited)).to.deep.equal(expected);
			expect(editVmcpConfig(edited, wanted), 'a second time').to.equal(edited);
		});
	}
	it('the section is in the middle › comments and order are kept', () => {
		const text = '# top\nb: 1 # one\nsessionStorage:\n    provider: redis\n    address: old # where\na: 2\n';
		const edited = editVmcpConfig(text, redis) ?? '';
		expect(edited.match(/# \w+/g)).to.deep.equal(['# top', '# one', '# where']);
		expect(Object.keys(parse(edited))).to.deep.equal(['b', 'sessionStorage', 'a']);
	});
	const LIKE_YAML = "yes|0x10|1e3|null|~||a: b|it's|- x|#x|ключ:|line\nbreak".split('|');
	for (const value of [...LIKE_YAML, 'a'.repeat(5000)]) {
		it(`an address and a prefix of ${JSON.stringify(value.slice(0, 20))} › strings`, () => {
			const edited = editVmcpConfig('name: hub\n', { address: value, keyPrefix: value }) ?? '';
			expect(parse(edited)['sessionStorage']).to.deep.equal({ provider: 'redis', address: value, keyPrefix: value });
		});
	}
	for (const text of ['', ' ', '- a\n', 'x', '3', 'null', 'a: [', 'a: 1\na: 2\n', 'a: 1\n---\nb: 2\n', '\t{}x']) {
		it(`${JSON.stringify(text)}, which is not one mapping › not written`, () => {
			expect(editVmcpConfig(text, redis)).to.equal(undefined);
		});
	}
	for (const text of ['', '- tls', 'tls', 'sessionStorage: tls', 'sessionStorage: {tls: true}', 'a: [tls'])
		it(`${JSON.stringify(text)} › no TLS`, () => expect(vmcpConfigHasTls(text)).to.equal(false));
	it('tls is a mapping › TLS', () => expect(vmcpConfigHasTls('sessionStorage: {tls: {}}')).to.equal(true));
});
