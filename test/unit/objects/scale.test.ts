import { expect } from 'chai';
import { warningText } from '../../../src/admission/response.ts';
import type { Json, Server } from '../../../src/api/types.ts';
import { capScale } from '../../../src/objects/scale.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { frozen, mcpRemoteProxy, mcpServer, scale, stdioServer, virtualMcpServer } from '../../harness/objects.ts';

type Row = [title: string, owner: Json, spec: unknown];
const UNCHANGED: Row[] = [
	['stdio', stdioServer(), { replicas: 1 }],
	['stdio', stdioServer(), { replicas: 0 }],
	['HTTP, 2 in the spec', mcpServer({ replicas: 2 }), { replicas: 5 }],
	['VirtualMCPServer', virtualMcpServer(), { replicas: 5 }],
	['MCPRemoteProxy', mcpRemoteProxy(), { replicas: 5 }],
	...[undefined, null, 'x', [], {}, { replicas: '5' }].map((spec): Row => ['stdio', stdioServer(), spec]),
];

describe('scale', () => {
	for (const [title, owner, spec] of UNCHANGED) {
		it(`${title}, spec ${JSON.stringify(spec)} › unchanged`, () => {
			const object = frozen({ ...scale('files', 1), spec });
			const { scale: after, findings } = capScale(object, serverOf(owner) as Server);
			expect(after).to.equal(object);
			expect(findings).to.deep.equal([]);
		});
	}
	for (const [replicas, length] of [
		[2, 5],
		[5, 60],
		[5, 253],
	] as const) {
		it(`stdio, ${replicas} › 1, and a warning of 120 characters at most with 60 of ${length} of its name`, () => {
			const name = 'n'.repeat(length);
			const { scale: after, findings } = capScale(
				frozen(scale(name, replicas)),
				serverOf(stdioServer({}, { name })) as Server,
			);
			expect(after).to.deep.equal(scale(name, 1));
			expect(findings.map(warningText)[0]).to.include(name.slice(0, 60)).and.have.length.at.most(120);
		});
	}
});
