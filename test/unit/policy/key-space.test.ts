import { expect } from 'chai';
import type { SessionStorage } from '../../../src/api/types.ts';
import { keySpaceOf } from '../../../src/policy/key-space.ts';
import { memory, redis, server } from '../../harness/servers.ts';

const prefixed: SessionStorage = { ...redis, keyPrefix: 'team:' };
const bare = { ...prefixed, address: 'redis:6379' };
const at = (storage: SessionStorage, namespace = 'demo'): string | undefined =>
	keySpaceOf({ ...server({ sessionStorage: storage }), namespace });

describe('key space', () => {
	for (const [title, one, other] of [
		['db unset and db 0', at(prefixed), at({ ...prefixed, db: 0 })],
		['the same db', at({ ...prefixed, db: 2 }), at({ ...prefixed, db: 2 })],
		['with and without a password', at(prefixed), at({ ...prefixed, passwordRef: { name: 'n', key: 'k' } })],
		['two namespaces, an address with a dot', at(prefixed, 'a'), at(prefixed, 'b')],
	] as const) {
		it(`${title} › equal`, () => expect(one).to.be.a('string').that.equals(other));
	}
	for (const [title, one, other] of [
		['another address', at(prefixed), at({ ...prefixed, address: 'other.db.svc:6379' })],
		['another db', at(prefixed), at({ ...prefixed, db: 1 })],
		['another prefix', at(prefixed), at({ ...prefixed, keyPrefix: 'crew:' })],
		['two namespaces, a bare Service name', at(bare, 'a'), at(bare, 'b')],
		[
			'a quote in address or prefix',
			at({ ...prefixed, address: 'a.b","x', keyPrefix: 'y' }),
			at({ ...prefixed, address: 'a.b', keyPrefix: 'x","y' }),
		],
	] as const) {
		it(`${title} › different`, () => expect(one).to.not.equal(other));
	}
	for (const [title, storage] of [
		['prefix unset, the default that is shared by design', redis],
		['prefix empty', { ...redis, keyPrefix: '' }],
		['memory', { ...prefixed, ...memory }],
		['address unset', { provider: 'redis', keyPrefix: 'team:' }],
	] as const) {
		it(`${title} › none`, () => expect(at(storage)).to.equal(undefined));
	}
});
