import { expect } from 'chai';
import { warningText } from '../../../src/admission/response.ts';
import type { Json, Server } from '../../../src/api/types.ts';
import { replicasOf } from '../../../src/objects/deployment.ts';
import { capScale } from '../../../src/objects/scale.ts';
import { serverOf } from '../../../src/objects/server.ts';
import type { Finding } from '../../../src/policy/finding.ts';
import { frozen, mcpRemoteProxy, mcpServer, scale, stdioServer, virtualMcpServer } from '../../harness/objects.ts';

const sent = (replicas: unknown): Json => scale('files', replicas);

/** No `expected`: unchanged, without a warning. */
const ROWS: [title: string, owner: Json, object: Json, expected?: number][] = [
	['stdio, 5', stdioServer(), sent(5), 1],
	['stdio, 2 in the spec', stdioServer({ replicas: 2 }), sent(2), 1],
	['stdio, 1', stdioServer(), sent(1)],
	['stdio, 0', stdioServer(), sent(0)],
	['HTTP, 2 in the spec', mcpServer({ replicas: 2 }), sent(5)],
	['VirtualMCPServer', virtualMcpServer(), sent(5)],
	['MCPRemoteProxy', mcpRemoteProxy(), sent(5)],
	['a string', stdioServer(), sent('5')],
	['unset', stdioServer(), sent(undefined)],
	...[undefined, null, 'x', []].map((spec): (typeof ROWS)[number] => {
		return [`spec ${JSON.stringify(spec)}`, stdioServer(), { ...sent(5), spec }];
	}),
];

describe('scale', () => {
	for (const [title, owner, object, expected] of ROWS) {
		it(`${title} › ${expected ?? 'unchanged'}`, () => {
			const server = serverOf(owner) as Server;
			const { scale: after, findings } = capScale(frozen(object), server);
			expect(findings).to.have.length(expected === undefined ? 0 : 1);
			if (expected === undefined) expect(after).to.equal(object);
			else expect(replicasOf(after)).to.equal(expected);
			expect(capScale(after, server), 'a second time').to.deep.equal({ scale: after, findings: [] });
		});
	}
	for (const length of [60, 253]) {
		it(`name of ${length} characters › the warning has 60 of them, and 120 characters at most`, () => {
			const name = 'n'.repeat(length);
			const [finding] = capScale(scale(name, 5), serverOf(stdioServer({}, { name })) as Server).findings;
			expect(warningText(finding as Finding))
				.to.include(`MCPServer ${name.slice(0, 60)}`)
				.and.have.length.at.most(120);
		});
	}
});
