import { expect } from 'chai';
import { isKind, KIND_LIST, KINDS } from '../../../src/api/names.ts';

describe('names of the operator (TOOLHIVE.md 2)', () => {
	for (const [kind, app, container, configMapSuffix, configKey] of [
		['MCPServer', 'mcpserver', 'toolhive', '-runconfig', 'runconfig.json'],
		['VirtualMCPServer', 'virtualmcpserver', 'vmcp', '-vmcp-config', 'config.yaml'],
		['MCPRemoteProxy', 'mcpremoteproxy', 'toolhive', '-runconfig', 'runconfig.json'],
	] as const) {
		it(`${kind} › label app=${app}, container ${container}, ConfigMap NAME${configMapSuffix} with ${configKey}`, () => {
			expect(KINDS[kind]).to.include({ app, container, configMapSuffix, configKey });
		});
	}
	it('kinds › these three, and no name that every object inherits', () => {
		expect(KIND_LIST).to.deep.equal(['MCPServer', 'VirtualMCPServer', 'MCPRemoteProxy']);
		for (const value of ['constructor', '__proto__', 'MCPGroup', '', 3, null, undefined])
			expect(isKind(value), String(value)).to.equal(false);
	});
});
