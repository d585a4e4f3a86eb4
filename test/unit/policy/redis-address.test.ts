import { expect } from 'chai';
import { checkAddressForm } from '../../../src/policy/redis-address.ts';

const check = (address: unknown, provider = 'redis'): string[] =>
	checkAddressForm({ sessionStorage: { provider, address } }).map(({ message }) => message);

const VALID = [
	'redis:6379',
	'redis.demo.svc:6379',
	'redis.demo.svc.cluster.local.:6379',
	'my_redis:6379',
	'10.0.0.7:6379',
	'h:1',
	'h:65535',
	'h:06379',
	'[::1]:6379',
	'[2001:db8::7]:6379',
	'[1:2:3:4:5:6:7::]:6379',
	'[fe80::1%eth0]:6379',
	'[::ffff:10.0.0.7]:6379',
	'[redis]:6379',
	`${'a'.repeat(253)}:6379`,
];

/** What the message shows of it, where that is not the value. */
const INVALID: { address: string; shown?: string }[] = [
	{ address: 'rediss://cache.example.com:6380' },
	{ address: 'redis://cache.example.com:6379/0' },
	{ address: 'tcp://cache:6379' },
	{ address: 'unix:/run/redis.sock' },
	{ address: '/run/redis.sock' },
	{ address: 'cache.example.com' },
	{ address: 'a:6379,b:6379' },
	{ address: 'a:6379 b:6379' },
	{ address: 'host:port' },
	{ address: 'host:70000' },
	{ address: 'host:65536' },
	{ address: 'host:0' },
	{ address: 'host:' },
	{ address: 'host:+6379' },
	{ address: 'host:-1' },
	{ address: 'host:6379/0' },
	{ address: ':6379' },
	{ address: ' host:6379' },
	{ address: 'host:6379 ' },
	{ address: 'host:6379\n', shown: 'host:6379 ' },
	{ address: 'ho\u0007st:6379', shown: 'ho st:6379' },
	{ address: '::1:6379' },
	{ address: '::1' },
	{ address: '[::1]' },
	{ address: '[::1:6379' },
	{ address: '[]:6379' },
	{ address: '[:::]:6379' },
	{ address: '[1:2:3:4:5:6:7:8:9:a]:6379' },
	{ address: '[::1%]:6379' },
	{ address: '[::g]:6379' },
	{ address: '[::1]6379' },
	{ address: 'größe:6379' },
	{ address: 'a'.repeat(5000), shown: `${'a'.repeat(57)}...` },
	{ address: `${'a'.repeat(300)}:6379`, shown: `${'a'.repeat(57)}...` },
	{ address: `${'a'.repeat(56)}😀${'b'.repeat(9)}`, shown: `${'a'.repeat(56)}...` },
	{ address: 'user:pw@host:1', shown: '***@host:1' },
	{ address: ':p@ss@host:6379', shown: '***@host:6379' },
	{ address: 'rediss://user:pw@host:6380', shown: 'rediss://***@host:6380' },
	{ address: ':password@host:port', shown: '***@host:port' },
	{ address: 'redis://:pass$%^*word@localhost:63795/3', shown: 'redis://***@localhost:63795/3' },
	{ address: 'default:{REDIS_PW}@redis:6379', shown: '***@redis:6379' },
	{ address: 'user@host:6379', shown: '***@host:6379' },
	{ address: 'rediss://host:6380?password=pw', shown: 'rediss://host:6380?password=***' },
	{ address: 'host:6380,password=pw,ssl=True', shown: 'host:6380,password=***' },
	{ address: 'host:6380,secret,ssl', shown: 'host:6380,***' },
	{ address: 'redis://host:6379/0?password secret', shown: 'redis://host:6379/0?***' },
	{ address: 'redis://:secret%40', shown: 'redis://***' },
	{ address: 'redis+sentinel://user:secret@host:26379/mymaster', shown: 'redis+sentinel://***@host:26379/mymaster' },
	{ address: 'a:6379,b:6379', shown: 'a:6379,b:6379' },
];

describe('redis-address-invalid', () => {
	for (const address of VALID) {
		it(`${address.slice(0, 40)} › allowed`, () => expect(check(address)).to.deep.equal([]));
	}
	for (const { address, shown = address } of INVALID) {
		it(`${JSON.stringify(address).slice(0, 40)} › denied, with value and form`, () => {
			expect(check(address)).to.deep.equal([
				`"${shown}" must be host:port, with a port from 1 to 65535 and IPv6 in brackets`,
			]);
		});
	}
	it('another provider › allowed', () => expect(check('x', 'memory')).to.deep.equal([]));
	it('empty, blank, absent, or of another type › left to the rules for that', () => {
		for (const address of ['', '  ', undefined, null, 6379, {}])
			expect(check(address), String(address)).to.deep.equal([]);
		for (const spec of [{}, { sessionStorage: 'x' }]) {
			expect(checkAddressForm(spec)).to.deep.equal([]);
		}
	});
	it('a variable that was not substituted › the message tells so', () => {
		for (const [address, variable] of [
			[`\${REDIS_ADDRESS}`, `\${REDIS_ADDRESS}`],
			[`\${REDIS_HOST}:6379`, `\${REDIS_HOST}`],
			['{{ .Values.redis.address }}', '{{ .Values.redis.address }}'],
			['$(REDIS_ADDRESS)', '$(REDIS_ADDRESS)'],
		] as const) {
			expect(check(address)[0])
				.to.match(/^".*" must be host:port/)
				.and.include(`and "${variable}" looks like an unsubstituted variable: review the rendered manifests`);
		}
	});
	it('a variable with a password as its default › the hint does not show it', () => {
		for (const address of [
			`redis://:\${REDIS_PASSWORD:=hunter2}@r:6379`,
			`\${PASSWORD:-hunter2}@r:6379`,
			'{{ .Values.password | default "hunter2" }}@r:6379',
			`r:6379,password=\${PASSWORD:=hunter2}`,
		]) {
			expect(check(address)[0])
				.to.include('and a part of it looks like an unsubstituted variable')
				.and.not.include('hunter2');
		}
	});
	it('3 MB of brackets, colons and braces › denied within 200 ms', () => {
		for (const part of ['[', ':', '[:', '{{', '$'.concat('{'), '@', '=']) {
			const startedMs = performance.now();
			expect(check(part.repeat(3_000_000 / part.length)), part).to.have.length(1);
			expect(performance.now() - startedMs, part).to.be.below(200);
		}
	});
});
