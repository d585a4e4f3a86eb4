import { expect } from 'chai';
import { KIND_LIST, KINDS } from '../../../src/api/names.ts';

it('kinds › the label app that ToolHive gives to the proxies of each (TOOLHIVE.md 2)', () =>
	expect(KIND_LIST.map((kind) => [kind, KINDS[kind].app])).to.deep.equal([
		['MCPServer', 'mcpserver'],
		['VirtualMCPServer', 'virtualmcpserver'],
		['MCPRemoteProxy', 'mcpremoteproxy'],
	]));
