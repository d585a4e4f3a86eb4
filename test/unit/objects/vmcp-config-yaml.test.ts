import { expect } from 'chai';
import { parse } from 'yaml';
import { editVmcpConfig, vmcpConfigHasTls } from '../../../src/objects/vmcp-config-yaml.ts';

const redis = { address: 'r:1', db: 2, keyPrefix: 'a:' };
const section = { provider: 'redis', address: 'r:1', db: 2, keyPrefix: 'a:' };

describe('config.yaml of a vMCP', () => {
	it("gets the section at its end, in the operator's indentation, every other byte kept", () => {
		const text = "name:   hub # ours\nlist: [a,   b]\nincomingAuth:\n    type: anonymous\n# end\nfmt: '{workload}_'\n";
		expect(editVmcpConfig(text, redis)).to.equal(
			`${text}sessionStorage:\n    provider: redis\n    address: r:1\n    db: 2\n    keyPrefix: 'a:'\n`,
		);
	});

	const ROWS: { it: string; text: string; gets?: object }[] = [
		{ it: 'no newline at the end', text: 'name: hub', gets: { name: 'hub', sessionStorage: section } },
		{ it: 'flow style', text: '{name: hub}', gets: { name: 'hub', sessionStorage: section } },
		{ it: 'an empty mapping', text: '{}', gets: { sessionStorage: section } },
		{ it: 'an end marker', text: 'name: hub\n...\n', gets: { name: 'hub', sessionStorage: section } },
		{
			it: 'another address',
			text: 'sessionStorage:\n  provider: redis\n  address: r:2\nz: 1\n',
			gets: { sessionStorage: section, z: 1 },
		},
		{
			it: 'the operator wrote memory',
			text: 'sessionStorage: {provider: memory}\n',
			gets: { sessionStorage: section },
		},
		{
			it: 'a db that is not wanted any more, tls kept',
			text: 'sessionStorage: {provider: redis, address: x, db: 7, tls: {a: b}}\n',
			gets: { sessionStorage: { ...section, tls: { a: 'b' } } },
		},
		{
			it: 'the section is null',
			text: 'name: hub\nsessionStorage: null\n',
			gets: { name: 'hub', sessionStorage: section },
		},
		{ it: 'the section is a text', text: 'sessionStorage: redis\n', gets: { sessionStorage: section } },
		{
			it: 'the section is an alias',
			text: 'a: &x {b: 1}\nsessionStorage: *x\n',
			gets: { a: { b: 1 }, sessionStorage: section },
		},
		{
			it: 'it says so already',
			text: 'sessionStorage:\n  provider: redis\n  address: r:1\n  db: 2\n  keyPrefix: "a:"\n',
		},
		{
			it: 'it says so already, with tls',
			text: 'sessionStorage: {provider: redis, address: "r:1", db: 2, keyPrefix: "a:", tls: {}}\n',
		},
	];
	for (const { it: title, text, gets } of ROWS) {
		it(`${title}: ${gets === undefined ? 'not one byte is changed' : 'edited'}`, () => {
			const edited = editVmcpConfig(text, redis);
			if (gets === undefined) expect(edited).to.equal(text);
			else expect(parse(edited ?? '')).to.deep.equal(gets);
			expect(editVmcpConfig(edited ?? '', redis), 'a second time').to.equal(edited);
		});
	}
	it('keeps comments and order where it edits in the middle', () => {
		const text = '# top\nb: 1 # one\nsessionStorage:\n    provider: redis\n    address: old # where\na: 2\n';
		const edited = editVmcpConfig(text, redis) ?? '';
		expect(edited.match(/# \w+/g)).to.deep.equal(['# top', '# one', '# where']);
		expect(Object.keys(parse(edited))).to.deep.equal(['b', 'sessionStorage', 'a']);
	});
	it('db and prefix are unset in the server › removed from the section', () => {
		const text = 'sessionStorage: {provider: redis, address: x, db: 7, keyPrefix: "b:"}\n';
		expect(parse(editVmcpConfig(text, { address: 'r:1' }) ?? '')).to.deep.equal({
			sessionStorage: { provider: 'redis', address: 'r:1' },
		});
	});
	it('absent db and prefix equal 0 and empty', () => {
		const text = 'sessionStorage:\n    provider: redis\n    address: r:1\n';
		expect(editVmcpConfig(text, { address: 'r:1', db: 0, keyPrefix: '' })).to.equal(text);
	});

	const QUOTED = [
		'yes',
		'0x10',
		'1e3',
		'null',
		'~',
		'',
		'a: b',
		"it's",
		'- x',
		'#x',
		'ключ:',
		'line\nbreak',
		'a'.repeat(5000),
	];
	for (const value of QUOTED) {
		it(`a text like ${JSON.stringify(value.slice(0, 20))} stays a text`, () => {
			const edited = editVmcpConfig('name: hub\n', { address: value, keyPrefix: value });
			expect(parse(edited ?? '')).to.deep.equal({
				name: 'hub',
				sessionStorage: { provider: 'redis', address: value, keyPrefix: value },
			});
		});
	}
	for (const text of ['', ' ', '- a\n', 'x', '3', 'null', 'a: [', 'a: 1\na: 2\n', 'a: 1\n---\nb: 2\n', '\t{}x']) {
		it(`${JSON.stringify(text)} is no mapping, or not one, and is left alone`, () => {
			expect(editVmcpConfig(text, redis)).to.equal(undefined);
		});
	}
	it('is not read for TLS where it cannot be', () => {
		for (const text of ['', '- tls', 'tls', 'sessionStorage: tls', 'sessionStorage: {tls: true}', 'a: [tls']) {
			expect(vmcpConfigHasTls(text), text).to.equal(false);
		}
		expect(vmcpConfigHasTls('sessionStorage: {tls: {}}')).to.equal(true);
	});
});
