import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { clusterOf } from '../../harness/memory-cluster.ts';
import { mcpRemoteProxy, mcpServer, PASSWORD, REDIS, stdioServer, virtualMcpServer } from '../../harness/objects.ts';
import { mutated, OPERATOR, patchOf, request, update } from '../../harness/run-handlers.ts';

const storage = { sessionStorage: { ...REDIS, passwordRef: PASSWORD } };
const search = mcpServer({ replicas: 3, backendReplicas: 2, ...storage });
const files = stdioServer({ replicas: 3 });
const hub = virtualMcpServer({ replicas: 3, ...storage });
const crm = mcpRemoteProxy({ replicas: 3, ...storage });

describe('mutate: servers', () => {
	const erased = mcpServer();
	const ROWS: { it: string; username: string; now: Json; before: Json; paths: string[] }[] = [
		{
			it: 'the operator erases: all come back',
			username: OPERATOR,
			now: erased,
			before: search,
			paths: ['/spec/replicas', '/spec/backendReplicas', '/spec/sessionStorage'],
		},
		{ it: 'a person removes: obeyed', username: 'alice', now: erased, before: search, paths: [] },
		{ it: 'another service account: obeyed', username: `${OPERATOR}-2`, now: erased, before: search, paths: [] },
		{ it: 'nobody in particular: obeyed', username: '', now: erased, before: search, paths: [] },
		{
			it: 'the operator changes: obeyed',
			username: OPERATOR,
			now: mcpServer({ replicas: 2 }),
			before: mcpServer({ replicas: 3 }),
			paths: [],
		},
		{
			it: 'a stdio server: what was asked is never capped',
			username: OPERATOR,
			now: stdioServer(),
			before: files,
			paths: ['/spec/replicas'],
		},
		{
			it: 'a VirtualMCPServer',
			username: OPERATOR,
			now: virtualMcpServer(),
			before: hub,
			paths: ['/spec/replicas', '/spec/sessionStorage'],
		},
		{
			it: 'an MCPRemoteProxy',
			username: OPERATOR,
			now: mcpRemoteProxy(),
			before: crm,
			paths: ['/spec/replicas', '/spec/sessionStorage'],
		},
		{
			it: 'one being deleted',
			username: OPERATOR,
			now: mcpServer({}, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
			before: search,
			paths: [],
		},
	];
	for (const { it: title, username, now, before, paths } of ROWS) {
		it(title, async () => {
			const answer = await mutated(update(now, before, { username }), clusterOf([]));
			expect(patchOf(answer).map(({ path }) => path)).to.have.members(paths);
			if (paths.includes('/spec/replicas')) {
				expect(patchOf(answer)).to.deep.include({ op: 'add', path: '/spec/replicas', value: 3 });
			}
		});
	}
	it('CREATE is never edited, also not a stdio server with 3', async () => {
		for (const server of [search, files, hub, crm]) {
			expect(patchOf(await mutated(request(server, { username: OPERATOR }), clusterOf([])))).to.deep.equal([]);
		}
	});
	it('operator identities are configured', async () => {
		const settings = { ...DEFAULT_SETTINGS, operatorUsernames: ['alice'] };
		const asked = update(erased, search);
		expect(patchOf(await mutated({ ...asked, username: 'alice' }, clusterOf([]), settings))).to.have.length(3);
		expect(patchOf(await mutated({ ...asked, username: OPERATOR }, clusterOf([]), settings))).to.have.length(0);
	});
});
