import { expect } from 'chai';
import type { Kind } from '../../../src/api/names.ts';
import { checkAddressEmpty, checkAddressMissing } from '../../../src/policy/address-rule.ts';

const MISSING = 'spec.sessionStorage: address is required when provider is redis';
const EMPTY = 'spec.sessionStorage.address: must not be empty when provider is redis';

const TABLE: { it: string; storage: unknown; denied: string[] }[] = [
	{ it: 'redis without address', storage: { provider: 'redis' }, denied: [MISSING] },
	{ it: 'redis with an empty address', storage: { provider: 'redis', address: '' }, denied: [EMPTY] },
	{ it: 'redis with an address', storage: { provider: 'redis', address: 'r:1' }, denied: [] },
	{ it: 'redis with 5,000 characters', storage: { provider: 'redis', address: 'a'.repeat(5000) }, denied: [] },
	{ it: 'memory without address', storage: { provider: 'memory' }, denied: [] },
	{ it: 'memory with an empty address', storage: { provider: 'memory', address: '' }, denied: [] },
	{ it: 'everything set', storage: { provider: 'redis', address: 'r:1', db: 3, keyPrefix: 'a:' }, denied: [] },
	{ it: 'sessionStorage unset', storage: undefined, denied: [] },
	{
		it: 'address inherited from a key called __proto__ does not count',
		storage: JSON.parse('{"provider":"redis","__proto__":{"address":"r:1"}}'),
		denied: [MISSING],
	},
];

describe('redis needs an address', () => {
	for (const kind of ['MCPServer', 'VirtualMCPServer', 'MCPRemoteProxy'] as const satisfies Kind[]) {
		for (const row of TABLE) {
			it(`${kind}: ${row.it}: ${row.denied.length > 0 ? 'denied' : 'allowed'}`, () => {
				const spec = row.storage === undefined ? {} : { sessionStorage: row.storage };
				const violations = [...checkAddressMissing(spec, kind), ...checkAddressEmpty(spec)];
				expect(violations.map(({ field, message }) => `${field}: ${message}`)).to.deep.equal(row.denied);
			});
		}
	}
	it('a rule that cannot be evaluated is a denial, never a pass', () => {
		const [violation] = checkAddressMissing({ sessionStorage: { address: 'r:1' } }, 'MCPServer');
		expect(violation?.isUnevaluated).to.equal(true);
		expect(violation?.field).to.equal('spec.sessionStorage');
		expect(violation?.message).to.match(/\(the rule could not be evaluated: No such key: provider\)$/);
	});
});
