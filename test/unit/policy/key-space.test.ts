import { expect } from 'chai';
import type { SessionStorage } from '../../../src/api/types.ts';
import { keySpaceOf } from '../../../src/policy/key-space.ts';
import { memory, redis, server } from '../../harness/servers.ts';

const team: SessionStorage = { ...redis, keyPrefix: 'team:' };
const TEAM = ['', redis.address, 0, 'team:'];
const quoted = 'a.b","x';

/** Servers with the same key space share keys. The namespace of each server is `demo`. */
const ROWS: [title: string, storage: SessionStorage, expected?: unknown[]][] = [
	['db unset', team, TEAM],
	['db 0 and a password', { ...team, db: 0, passwordRef: { name: 'n', key: 'k' } }, TEAM],
	['another db', { ...team, db: 1 }, ['', redis.address, 1, 'team:']],
	[
		'a bare Service name, which is another Redis in each namespace',
		{ ...team, address: 'r:1' },
		['demo', 'r:1', 0, 'team:'],
	],
	['an IPv6 address', { ...team, address: '[::1]:1' }, ['', '[::1]:1', 0, 'team:']],
	['a quote in the address', { ...team, address: quoted }, ['', quoted, 0, 'team:']],
	['prefix unset, the default that is shared by design', redis],
	['prefix empty', { ...redis, keyPrefix: '' }],
	['memory', { ...team, ...memory }],
	['address unset', { provider: 'redis', keyPrefix: 'team:' }],
];

describe('key space', () => {
	for (const [title, sessionStorage, expected] of ROWS) {
		it(`${title} › ${expected}`, () => {
			const text = keySpaceOf(server({ sessionStorage }));
			expect(text && JSON.parse(text)).to.deep.equal(expected);
		});
	}
});
