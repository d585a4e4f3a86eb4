/** Tests the denials for address and keyPrefix: address-rule.ts, redis-address.ts and key-prefix.ts. */
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { checkAddressEmpty, checkAddressMissing } from '../../../src/policy/address-rule.ts';
import { checkKeyPrefix } from '../../../src/policy/key-prefix.ts';
import { checkAddressForm } from '../../../src/policy/redis-address.ts';

const MISSING = 'spec.sessionStorage: address is required when provider is redis';
const EMPTY = 'spec.sessionStorage.address: must not be empty when provider is redis';

describe('redis-address-missing, redis-address-empty', () => {
	const inherited = JSON.parse('{"provider":"redis","__proto__":{"address":"r:1"}}');
	for (const [title, sessionStorage, denials] of [
		['redis without address', { provider: 'redis' }, [MISSING]],
		['redis with an empty address', { provider: 'redis', address: '' }, [EMPTY]],
		['redis with an address', { provider: 'redis', address: 'r:1' }, []],
		['memory without address', { provider: 'memory' }, []],
		['memory with an empty address', { provider: 'memory', address: '' }, []],
		['sessionStorage unset', undefined, []],
		['an address of a key __proto__', inherited, [MISSING]],
	] as readonly [string, Json | undefined, string[]][]) {
		for (const kind of ['MCPServer', 'VirtualMCPServer', 'MCPRemoteProxy'] as const) {
			it(`${kind}, ${title} › ${denials.length > 0 ? 'denied' : 'allowed'}`, () => {
				const spec = sessionStorage === undefined ? {} : { sessionStorage };
				const problems = [...checkAddressMissing(spec, kind), ...checkAddressEmpty(spec)];
				expect(problems.map(({ field, message }) => `${field}: ${message}`)).to.deep.equal(denials);
			});
		}
	}
	it('the rule cannot be evaluated › denied', () => {
		const [problem] = checkAddressMissing({ sessionStorage: { address: 'r:1' } }, 'MCPServer');
		expect(problem).to.include({ isUnevaluated: true, field: 'spec.sessionStorage' });
		expect(problem?.message).to.match(/\(the rule could not be evaluated: No such key: provider\)$/);
	});
});

const addressDenials = (address: unknown): string[] =>
	checkAddressForm({ sessionStorage: { provider: 'redis', address } }).map(({ message }) => message);
const prefixDenials = (keyPrefix: unknown): string[] =>
	checkKeyPrefix({ sessionStorage: { provider: 'redis', keyPrefix } }).map(({ message }) => message);

const VALID = [
	...`redis:6379 redis.demo.svc:6379 redis.demo.svc.cluster.local.:6379 my_redis:6379 10.0.0.7:6379 h:1 h:65535
		h:06379 [::1]:6379 [2001:db8::7]:6379 [1:2:3:4:5:6:7::]:6379 [fe80::1%eth0]:6379 [::ffff:10.0.0.7]:6379
		[redis]:6379`.split(/\s+/),
	`${'a'.repeat(253)}:6379`,
];

/** A row has an address, and how the message shows it: without control characters, shortened, and without passwords. */
const INVALID: readonly (readonly [address: string, shown: string])[] = [
	['host:6379\n', 'host:6379 '],
	['ho\u0007st:6379', 'ho st:6379'],
	['a'.repeat(5000), `${'a'.repeat(57)}...`],
	[`${'a'.repeat(300)}:6379`, `${'a'.repeat(57)}...`],
	[`${'a'.repeat(56)}😀${'b'.repeat(9)}`, `${'a'.repeat(56)}...`],
	['user:pw@host:1', '***@host:1'],
	[':p@ss@host:6379', '***@host:6379'],
	['rediss://user:pw@host:6380', 'rediss://***@host:6380'],
	[':password@host:port', '***@host:port'],
	['redis://:pass$%^*word@localhost:63795/3', 'redis://***@localhost:63795/3'],
	['default:{REDIS_PW}@redis:6379', '***@redis:6379'],
	['user@host:6379', '***@host:6379'],
	['rediss://host:6380?password=pw', 'rediss://host:6380?password=***'],
	['host:6380,password=pw,ssl=True', 'host:6380,password=***'],
	['host:6380,secret,ssl', 'host:6380,***'],
	['redis://host:6379/0?password secret', 'redis://host:6379/0?***'],
	['redis://:secret%40', 'redis://***'],
	['redis+sentinel://user:secret@host:26379/mymaster', 'redis+sentinel://***@host:26379/mymaster'],
];
const INVALID_AND_SHOWN = [
	...`rediss://cache.example.com:6380 redis://cache.example.com:6379/0 tcp://cache:6379 unix:/run/redis.sock
		/run/redis.sock cache.example.com a:6379,b:6379 host:port host:70000 host:65536 host:0 host: host:+6379
		host:-1 host:6379/0 :6379 ::1:6379 ::1 [::1] [::1:6379 []:6379 [:::]:6379 [1:2:3:4:5:6:7:8:9:a]:6379
		[::1%]:6379 [::g]:6379 [::1]6379 größe:6379`.split(/\s+/),
	'a:6379 b:6379',
	' host:6379',
	'host:6379 ',
];

describe('redis-address-invalid', () => {
	const form = 'must be host:port, with a port from 1 to 65535 and IPv6 in brackets';
	for (const address of VALID) {
		it(`${address.slice(0, 40)} › allowed`, () => expect(addressDenials(address)).to.deep.equal([]));
	}
	for (const [address, shown] of [...INVALID, ...INVALID_AND_SHOWN.map((address) => [address, address] as const)]) {
		it(`${JSON.stringify(address).slice(0, 40)} › denied as "${shown}"`, () => {
			expect(addressDenials(address)).to.deep.equal([`"${shown}" ${form}`]);
		});
	}
	it('a variable that was not substituted › the message has a hint', () => {
		const hint = `and "\${REDIS_HOST}" looks like an unsubstituted variable: review the rendered manifests`;
		expect(addressDenials(`\${REDIS_HOST}:6379`)[0])
			.to.match(/^".*" must be host:port/)
			.and.include(hint);
	});
	for (const address of [
		`redis://:\${REDIS_PASSWORD:=hunter2}@r:6379`,
		`\${PASSWORD:-hunter2}@r:6379`,
		'{{ .Values.password | default "hunter2" }}@r:6379',
		`r:6379,password=\${PASSWORD:=hunter2}`,
	]) {
		it(`${address} › the hint does not have the default password`, () => {
			const [message] = addressDenials(address);
			expect(message).to.include('and a part of it looks like an unsubstituted variable').and.not.include('hunter2');
		});
	}
	it('3 MB of brackets, colons and braces › denied within 200 ms of CPU time', () => {
		for (const part of ['[', ':', '[:', '{{', '$'.concat('{'), '@', '=']) {
			const started = process.cpuUsage();
			expect(addressDenials(part.repeat(3_000_000 / part.length)), part).to.have.length(1);
			expect(process.cpuUsage(started).user / 1000, part).to.be.below(200);
		}
	});
});

describe('redis-key-prefix-invalid', () => {
	for (const [title, prefix, shown] of [
		['no colon', 'notes', 'notes'],
		['a line break after the colon', 'notes:\n', 'notes: '],
		['a colon of another script', 'notes：', 'notes：'],
		['5,000 characters', 'k'.repeat(5000), `${'k'.repeat(57)}...`],
		['control characters', 'a\u001b[31m\u202e', 'a [31m '],
	] as const) {
		it(`${title} › denied, with value and form`, () => {
			expect(prefixDenials(prefix)).to.deep.equal([`"${shown}" must end in a colon, such as "search:"`]);
		});
	}
	it('a final colon › allowed', () => {
		for (const prefix of ['notes:', ':', 'a:b:', '😀:']) expect(prefixDenials(prefix)).to.deep.equal([]);
	});
	it('a variable that was not substituted › the message has a hint', () => {
		expect(prefixDenials('$NAME')[0]).to.include('"$NAME" looks like an unsubstituted variable');
	});
});

describe('redis-address-invalid, redis-key-prefix-invalid › left to other rules', () => {
	const redisWith = (value: unknown) => ({ provider: 'redis', address: value, keyPrefix: value });
	for (const [title, sessionStorage] of [
		['another provider', { ...redisWith('x'), provider: 'memory' }],
		['sessionStorage as a text', 'x'],
		...['', undefined, null, 6379, [], {}].map((value) => [JSON.stringify(value), redisWith(value)] as const),
	] as const) {
		it(`${title} › allowed`, () => {
			expect([...checkAddressForm({ sessionStorage }), ...checkKeyPrefix({ sessionStorage })]).to.deep.equal([]);
		});
	}
	it('an address of spaces › allowed', () => expect(addressDenials('  ')).to.deep.equal([]));
});
