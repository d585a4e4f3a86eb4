import { expect } from 'chai';
import { warningText } from '../../../src/admission/response.ts';
import type { Json, Server } from '../../../src/api/types.ts';
import { capScale } from '../../../src/objects/scale.ts';
import { serverOf } from '../../../src/objects/server.ts';
import type { Finding } from '../../../src/policy/finding.ts';
import { frozen, mcpRemoteProxy, mcpServer, scale, stdioServer, virtualMcpServer } from '../../harness/objects.ts';

const TABLE: { it: string; owner: Json; asked: unknown; gets: unknown }[] = [
	{ it: 'stdio 5 becomes 1', owner: stdioServer(), asked: 5, gets: 1 },
	{ it: 'stdio 2 becomes 1', owner: stdioServer({ replicas: 2 }), asked: 2, gets: 1 },
	{ it: 'stdio 1 passes', owner: stdioServer(), asked: 1, gets: 1 },
	{ it: 'stdio 0 passes', owner: stdioServer(), asked: 0, gets: 0 },
	{ it: 'HTTP 5 passes', owner: mcpServer(), asked: 5, gets: 5 },
	{ it: 'HTTP with another count in its spec passes', owner: mcpServer({ replicas: 2 }), asked: 5, gets: 5 },
	{ it: 'a VirtualMCPServer passes', owner: virtualMcpServer(), asked: 5, gets: 5 },
	{ it: 'an MCPRemoteProxy passes', owner: mcpRemoteProxy(), asked: 5, gets: 5 },
	{ it: 'a text passes', owner: stdioServer(), asked: '5', gets: '5' },
	{ it: 'unset passes, and stays unset', owner: stdioServer(), asked: undefined, gets: undefined },
];

describe('deployments/scale', () => {
	for (const { it: title, owner, asked, gets } of TABLE) {
		it(title, () => {
			const server = serverOf(owner) as Server;
			const object = frozen(scale(server.name, asked));
			const { scale: after, findings } = capScale(object, server);
			expect((after['spec'] as Json)['replicas']).to.equal(gets);
			expect(findings).to.have.length(asked === gets ? 0 : 1);
			if (asked === gets) expect(after).to.equal(object);
			expect(capScale(after, server), 'a second time').to.deep.equal({ scale: after, findings: [] });
		});
	}
	for (const spec of [undefined, null, 'x', []]) {
		it(`a Scale with spec ${JSON.stringify(spec)} passes`, () => {
			const object = { ...scale('files', 5), spec };
			expect(capScale(object, serverOf(stdioServer()) as Server).scale).to.equal(object);
		});
	}
	it('warns with the name of the server, whole up to 60 characters, and within 120 for 253', () => {
		const warning = (name: string): string => {
			const server = serverOf(stdioServer({}, { name })) as Server;
			const [finding] = capScale(scale(name, 5), server).findings;
			return warningText(finding as Finding);
		};
		expect(warning('files')).to.include('MCPServer files').and.include('5').and.include('stdio-replicas-capped');
		expect(warning('n'.repeat(60)))
			.to.include('n'.repeat(60))
			.and.have.length.at.most(120);
		expect(warning('n'.repeat(253)))
			.to.include('n'.repeat(60))
			.and.have.length.at.most(120);
	});
});
