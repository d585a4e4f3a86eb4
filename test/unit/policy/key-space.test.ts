import { expect } from 'chai';
import type { SessionStorage } from '../../../src/api/types.ts';
import { keySpaceOf } from '../../../src/policy/key-space.ts';
import { memory, redis, server } from '../../harness/servers.ts';
import { describeWarning } from '../../harness/warning-rows.ts';

const prefixed: SessionStorage = { ...redis, keyPrefix: 'team:' };
const other = { kind: 'VirtualMCPServer', namespace: 'demo', name: 'hub' } as const;

describeWarning('shared-key-space', 'spec.sessionStorage.keyPrefix', {
	speaks: [
		{
			it: 'another server is known to share',
			spec: { sessionStorage: prefixed },
			around: { sharesKeySpaceWith: [other] },
			says: 'VirtualMCPServer hub',
		},
		{
			it: 'with a name of 253 characters',
			spec: { sessionStorage: prefixed },
			around: { sharesKeySpaceWith: [{ ...other, name: 'n'.repeat(253) }] },
		},
	],
	silent: [
		{ it: 'nobody shares', spec: { sessionStorage: prefixed }, around: { sharesKeySpaceWith: [] } },
		{ it: 'it is not known who shares', spec: { sessionStorage: prefixed } },
	],
});

const SAME = [
	{ it: 'db unset and db 0', a: prefixed, b: { ...prefixed, db: 0 } },
	{ it: 'the same db', a: { ...prefixed, db: 2 }, b: { ...prefixed, db: 2 } },
	{ it: 'with and without a password', a: prefixed, b: { ...prefixed, passwordRef: { name: 'n', key: 'k' } } },
];
const DIFFERENT = [
	{ it: 'another address', a: prefixed, b: { ...prefixed, address: 'other.db.svc:6379' } },
	{ it: 'another db', a: prefixed, b: { ...prefixed, db: 1 } },
	{ it: 'another prefix', a: prefixed, b: { ...prefixed, keyPrefix: 'crew:' } },
];
const NONE: { it: string; storage: SessionStorage }[] = [
	{ it: 'prefix unset: the default is shared by design', storage: redis },
	{ it: 'prefix empty', storage: { ...redis, keyPrefix: '' } },
	{ it: 'memory', storage: { ...memory, address: redis.address, keyPrefix: 'team:' } },
	{ it: 'address unset', storage: { provider: 'redis', keyPrefix: 'team:' } },
];

describe('keySpaceOf', () => {
	const keys = (storage: SessionStorage, namespace = 'demo'): string | undefined =>
		keySpaceOf({ ...server({ sessionStorage: storage }), namespace });
	for (const { it: title, a, b } of SAME) {
		it(`is the same: ${title}`, () => {
			expect(keys(a)).to.be.a('string').that.equals(keys(b));
		});
	}
	for (const { it: title, a, b } of DIFFERENT) {
		it(`differs: ${title}`, () => {
			expect(keys(a)).to.not.equal(keys(b));
		});
	}
	for (const { it: title, storage } of NONE) {
		it(`is none: ${title}`, () => {
			expect(keys(storage)).to.equal(undefined);
		});
	}
	it('is the same in two namespaces for an address with a dot', () => {
		expect(keys(prefixed, 'a')).to.equal(keys(prefixed, 'b'));
	});
	it('differs in two namespaces for a bare Service name, which is another Redis in each', () => {
		const bare = { ...prefixed, address: 'redis:6379' };
		expect(keys(bare, 'a')).to.not.equal(keys(bare, 'b'));
	});
	it('is not confused by a quote in address or prefix', () => {
		expect(keys({ ...prefixed, address: 'a.b","x', keyPrefix: 'y' })).to.not.equal(
			keys({ ...prefixed, address: 'a.b', keyPrefix: 'x","y' }),
		);
	});
});
