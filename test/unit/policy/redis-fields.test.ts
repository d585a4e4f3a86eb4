/** Tests the denials for address and keyPrefix: address-rule.ts, redis-address.ts and key-prefix.ts. */
import { expect } from 'chai';
import { checkAddressEmpty, checkAddressMissing } from '../../../src/policy/address-rule.ts';
import { checkKeyPrefix } from '../../../src/policy/key-prefix.ts';
import { checkAddressForm } from '../../../src/policy/redis-address.ts';

describe('redis-address-missing', () => {
	it('an address of a key __proto__ › denied', () => {
		const sessionStorage = JSON.parse('{"provider":"redis","__proto__":{"address":"r:1"}}');
		const [problem] = checkAddressMissing({ sessionStorage }, 'MCPServer');
		expect(problem?.message).to.equal('address is required when provider is redis');
	});
	it('the rule cannot be evaluated › denied', () => {
		const [problem] = checkAddressMissing({ sessionStorage: { address: 'r:1' } }, 'MCPServer');
		expect(problem).to.include({ isUnevaluated: true, field: 'spec.sessionStorage' });
		expect(problem?.message).to.match(/\(the rule could not be evaluated: No such key: provider\)$/);
	});
});

describe('redis-address-empty', () => {
	it('memory › allowed', () => {
		expect(checkAddressEmpty({ sessionStorage: { provider: 'memory', address: '' } })).to.deep.equal([]);
	});
});

const addressDenials = (address: unknown): string[] =>
	checkAddressForm({ sessionStorage: { provider: 'redis', address } }).map(({ message }) => message);
const prefixDenials = (keyPrefix: unknown): string[] =>
	checkKeyPrefix({ sessionStorage: { provider: 'redis', keyPrefix } }).map(({ message }) => message);

const VALID = [
	...`redis.demo.svc.cluster.local.:6379 my_redis:6379 10.0.0.7:6379 h:1 h:65535 h:06379 [::1]:6379
		[1:2:3:4:5:6:7::]:6379 [fe80::1%eth0]:6379 [::ffff:10.0.0.7]:6379 [redis]:6379`.split(/\s+/),
	`${'a'.repeat(253)}:6379`,
];

/** A row has an address, and how the message shows it: without control characters, shortened, and without passwords. */
const INVALID: readonly (readonly [address: string, shown?: string])[] = [
	...`rediss://cache.example.com:6380 redis://cache.example.com:6379/0 /run/redis.sock cache.example.com a:6379,b:6379
		host:port host:65536 host:0 host: host:+6379 host:-1 host:6379/0 :6379 ::1:6379 [::1] [::1:6379 []:6379
		[:::]:6379 [1:2:3:4:5:6:7:8:9:a]:6379 [::1%]:6379 [::g]:6379 [::1]6379 größe:6379`
		.split(/\s+/)
		.map((address) => [address] as const),
	[' host:6379'],
	['host:6379 '],
	['host:6379\n', 'host:6379 '],
	[`${'a'.repeat(300)}:6379`, `${'a'.repeat(57)}...`],
	['user:pw@host:1', '***@host:1'],
	[':p@ss@host:6379', '***@host:6379'],
	['rediss://user:pw@host:6380', 'rediss://***@host:6380'],
	['redis://:pass$%^*word@localhost:63795/3', 'redis://***@localhost:63795/3'],
	['default:{REDIS_PW}@redis:6379', '***@redis:6379'],
	['rediss://host:6380?password=pw', 'rediss://host:6380?password=***'],
	['host:6380,password=pw,ssl=True', 'host:6380,password=***'],
	['host:6380,secret,ssl', 'host:6380,***'],
	['redis://host:6379/0?password secret', 'redis://host:6379/0?***'],
	['redis://:secret%40', 'redis://***'],
	['redis+sentinel://user:secret@host:26379/mymaster', 'redis+sentinel://***@host:26379/mymaster'],
];

describe('redis-address-invalid', () => {
	for (const address of VALID) {
		it(`${address.slice(0, 40)} › allowed`, () => expect(addressDenials(address)).to.deep.equal([]));
	}
	for (const [address, shown = address] of INVALID) {
		it(`${JSON.stringify(address).slice(0, 40)} › denied as "${shown}"`, () => {
			const form = 'must be host:port, with a port from 1 to 65535 and IPv6 in brackets';
			expect(addressDenials(address)).to.deep.equal([`"${shown}" ${form}`]);
		});
	}
	it('a variable that was not substituted › a hint, but without a default that may be a password', () => {
		expect(addressDenials(`\${HOST}:6379`)[0]).to.include(`, and "\${HOST}" looks like an unsubstituted variable`);
		for (const address of [`\${PASSWORD:-hunter2}@r:6379`, `r:6379,password=\${PASSWORD:=hunter2}`]) {
			const [message] = addressDenials(address);
			expect(message).to.include('and a part of it looks like an unsubstituted variable').and.not.include('hunter2');
		}
	});
	it('3 MB of brackets, colons and braces › denied within 200 ms of CPU time', () => {
		for (const part of ['[', ':', '[:', '{{', '$'.concat('{'), '$(', '@', '=']) {
			const started = process.cpuUsage();
			expect(addressDenials(part.repeat(3_000_000 / part.length)), part).to.have.length(1);
			expect(process.cpuUsage(started).user / 1000, part).to.be.below(200);
		}
	});
});

describe('redis-key-prefix-invalid', () => {
	for (const [prefix, shown] of [
		['notes:\n', 'notes: '],
		['notes：', 'notes：'],
		['a\u001b[31m\u202e', 'a [31m '],
	] as const) {
		it(`${JSON.stringify(prefix)} › denied, with value and form`, () => {
			expect(prefixDenials(prefix)).to.deep.equal([`"${shown}" must end in a colon, such as "search:"`]);
		});
	}
	it('a final colon › allowed', () => {
		for (const prefix of ['notes:', ':', 'a:b:']) expect(prefixDenials(prefix)).to.deep.equal([]);
	});
	it('a variable that was not substituted › the message has a hint', () => {
		expect(prefixDenials('$NAME')[0]).to.include('"$NAME" looks like an unsubstituted variable');
	});
	it('unset, empty or another type, also as the address › allowed, because other rules deny it', () => {
		for (const value of ['', undefined, null, 6379, {}])
			expect([...addressDenials(value), ...prefixDenials(value)]).to.deep.equal([]);
		expect(addressDenials('  ')).to.deep.equal([]);
		expect(checkKeyPrefix({ sessionStorage: 'x' })).to.deep.equal([]);
	});
});
