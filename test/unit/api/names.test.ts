import { expect } from 'chai';
import { isKind, KIND_LIST } from '../../../src/api/names.ts';

describe('kinds', () => {
	it('of servers › these three', () => {
		expect(KIND_LIST).to.deep.equal(['MCPServer', 'VirtualMCPServer', 'MCPRemoteProxy']);
	});
	it('a member of Object, or not a text › not a kind', () => {
		for (const value of ['constructor', '__proto__', 'MCPGroup', '', 3, null, undefined])
			expect(isKind(value), String(value)).to.equal(false);
	});
});
