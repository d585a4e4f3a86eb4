import { expect } from 'chai';
import { parse } from 'yaml';
import { editVmcpConfig, vmcpConfigHasTls } from '../../../src/objects/vmcp-config-yaml.ts';

const redis = { address: 'r:1', db: 2, keyPrefix: 'a:' };
const sessionStorage = { provider: 'redis', ...redis };
const SECTION = "sessionStorage:\n    provider: redis\n    address: r:1\n    db: 2\n    keyPrefix: 'a:'\n";
const LAYOUT = "name:   hub # ours\nlist: [a,   b]\nincomingAuth:\n    type: anonymous\n# end\nfmt: '{workload}_'\n";

/** No `expected`: unchanged. */
const ROWS: [title: string, text: string, expected?: object][] = [
	['no newline at the end', 'name: hub', { name: 'hub', sessionStorage }],
	['flow style', '{name: hub}', { name: 'hub', sessionStorage }],
	['an empty mapping', '{}', { sessionStorage }],
	['an end marker', 'name: hub\n...\n', { name: 'hub', sessionStorage }],
	['another address', 'sessionStorage:\n  provider: redis\n  address: r:2\nz: 1\n', { sessionStorage, z: 1 }],
	['the operator wrote memory', 'sessionStorage: {provider: memory}\n', { sessionStorage }],
	[
		'another db, with tls › tls is kept',
		'sessionStorage: {provider: redis, address: x, db: 7, tls: {a: b}}\n',
		{ sessionStorage: { ...sessionStorage, tls: { a: 'b' } } },
	],
	['the section is null', 'name: hub\nsessionStorage: null\n', { name: 'hub', sessionStorage }],
	['the section is a string', 'sessionStorage: redis\n', { sessionStorage }],
	['the section is an alias', 'a: &x {b: 1}\nsessionStorage: *x\n', { a: { b: 1 }, sessionStorage }],
	['the same section', SECTION],
	['the same section with tls', 'sessionStorage: {provider: redis, address: "r:1", db: 2, keyPrefix: "a:", tls: {}}\n'],
];

describe('config.yaml of a vMCP', () => {
	it("no section › appended in the operator's indent, every other byte is kept", () => {
		expect(editVmcpConfig(LAYOUT, redis)).to.equal(LAYOUT + SECTION);
	});
	for (const [title, text, expected] of ROWS) {
		it(`${title} › ${expected === undefined ? 'unchanged' : 'written'}`, () => {
			const edited = editVmcpConfig(text, redis) ?? '';
			if (expected === undefined) expect(edited).to.equal(text);
			else expect(parse(edited)).to.deep.equal(expected);
			expect(editVmcpConfig(edited, redis), 'a second time').to.equal(edited);
		});
	}
	it('the section is in the middle › comments and order are kept', () => {
		const text = '# top\nb: 1 # one\nsessionStorage:\n    provider: redis\n    address: old # where\na: 2\n';
		const edited = editVmcpConfig(text, redis) ?? '';
		expect(edited.match(/# \w+/g)).to.deep.equal(['# top', '# one', '# where']);
		expect(Object.keys(parse(edited))).to.deep.equal(['b', 'sessionStorage', 'a']);
	});
	it('db and prefix are unset in the server › removed from the section', () => {
		const text = 'sessionStorage: {provider: redis, address: x, db: 7, keyPrefix: "b:"}\n';
		const expected = { sessionStorage: { provider: 'redis', address: 'r:1' } };
		expect(parse(editVmcpConfig(text, { address: 'r:1' }) ?? '')).to.deep.equal(expected);
	});
	it('db 0 and an empty prefix, which are absent in the section › unchanged', () => {
		const text = 'sessionStorage:\n    provider: redis\n    address: r:1\n';
		expect(editVmcpConfig(text, { address: 'r:1', db: 0, keyPrefix: '' })).to.equal(text);
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
	for (const [text, expected] of [
		...['', '- tls', 'tls', 'sessionStorage: tls', 'sessionStorage: {tls: true}', 'a: [tls'].map((one) => [one, false]),
		['sessionStorage: {tls: {}}', true],
	] as [string, boolean][]) {
		it(`${JSON.stringify(text)} › ${expected ? '' : 'not '}TLS`, () =>
			expect(vmcpConfigHasTls(text)).to.equal(expected));
	}
});
