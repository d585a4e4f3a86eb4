import { expect } from 'chai';
import { isKind, KIND_LIST, KINDS } from '../../../src/api/names.ts';

describe('names the operator uses (TOOLHIVE.md 2)', () => {
	const ROWS = [
		{ kind: 'MCPServer', app: 'mcpserver', container: 'toolhive', config: '-runconfig', key: 'runconfig.json' },
		{
			kind: 'VirtualMCPServer',
			app: 'virtualmcpserver',
			container: 'vmcp',
			config: '-vmcp-config',
			key: 'config.yaml',
		},
		{
			kind: 'MCPRemoteProxy',
			app: 'mcpremoteproxy',
			container: 'toolhive',
			config: '-runconfig',
			key: 'runconfig.json',
		},
	] as const;
	for (const { kind, app, container, config, key } of ROWS) {
		it(`${kind}: label app=${app}, container ${container}, ConfigMap NAME${config} with ${key}`, () => {
			expect(KINDS[kind]).to.include({ app, container, configMapSuffix: config, configKey: key });
		});
	}
	it('are the three kinds and no member of Object', () => {
		expect(KIND_LIST).to.deep.equal(['MCPServer', 'VirtualMCPServer', 'MCPRemoteProxy']);
		for (const value of ['constructor', '__proto__', 'MCPGroup', '', 3, null, undefined]) {
			expect(isKind(value), String(value)).to.equal(false);
		}
	});
});
