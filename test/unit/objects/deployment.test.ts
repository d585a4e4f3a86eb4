import { expect } from 'chai';
import type { Json, Server } from '../../../src/api/types.ts';
import { createDeployment, proxyDeploymentOf, updateDeployment } from '../../../src/objects/deployment.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { decide } from '../../../src/policy/decide.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import {
	asTree,
	deployment,
	frozen,
	mcpRemoteProxy,
	mcpServer,
	stdioServer,
	virtualMcpServer,
} from '../../harness/objects.ts';

const http = mcpServer;
const UNSET = 'unset';
const APPLIED = 'toolhive-scaling/applied-replicas';

const created = (owner: Json, sent: Json, settings = DEFAULT_SETTINGS): Json => {
	const server = serverOf(owner) as Server;
	return createDeployment(frozen(sent), server, decide(server), settings);
};
const updated = (owner: Json, sent: Json, before: Json, settings = DEFAULT_SETTINGS, isByOperator = false): Json => {
	const server = serverOf(owner) as Server;
	return updateDeployment(frozen(sent), frozen(before), server, decide(server), settings, isByOperator);
};
const withCount = (owner: Json, count: number | typeof UNSET, metadata: Json = {}): Json => {
	const object = asTree(deployment(owner, {}, {}, metadata)) as { spec: { replicas?: unknown } };
	if (count === UNSET) delete object.spec.replicas;
	else object.spec.replicas = count;
	return object;
};
const countOf = (object: Json): unknown => {
	const spec = object['spec'] as Json;
	return Object.hasOwn(spec, 'replicas') ? spec['replicas'] : UNSET;
};
const appliedOf = (object: Json): unknown =>
	((object['metadata'] as Json)['annotations'] as Json | undefined)?.[APPLIED];

type Count = number | typeof UNSET;
const CREATE: { it: string; owner: Json; sent: Count; gets: Count; applied?: string }[] = [
	{ it: 'TestSpecDrivenReplicasNil: unset, 1 sent', owner: http(), sent: 1, gets: 1 },
	{ it: 'TestSpecDrivenReplicasNil: unset, none sent', owner: http(), sent: UNSET, gets: UNSET },
	{ it: 'unset, 4 sent: left as sent', owner: http(), sent: 4, gets: 4 },
	{ it: 'TestSpecDrivenReplicas1: 1, 1 sent', owner: http({ replicas: 1 }), sent: 1, gets: 1 },
	{
		it: 'TestSpecDrivenReplicas3SseTransport: 3, 1 sent',
		owner: http({ transport: 'sse', replicas: 3 }),
		sent: 1,
		gets: 3,
		applied: '3',
	},
	{ it: '3 with streamable-http', owner: http({ replicas: 3 }), sent: 1, gets: 3, applied: '3' },
	{ it: '3, none sent', owner: http({ replicas: 3 }), sent: UNSET, gets: 3, applied: '3' },
	{ it: '3, 3 sent by a new operator: nothing to note', owner: http({ replicas: 3 }), sent: 3, gets: 3 },
	{ it: '0 is a value', owner: http({ replicas: 0 }), sent: 1, gets: 0, applied: '0' },
	{ it: 'TestSpecDrivenStdioCapAt1: stdio 3, 1 sent', owner: stdioServer({ replicas: 3 }), sent: 1, gets: 1 },
	{
		it: 'TestSpecDrivenStdioCapAt1: stdio 3, 3 sent',
		owner: stdioServer({ replicas: 3 }),
		sent: 3,
		gets: 1,
		applied: '1',
	},
	{ it: 'stdio unset, 3 sent', owner: stdioServer(), sent: 3, gets: 1 },
	{ it: 'stdio unset, none sent', owner: stdioServer(), sent: UNSET, gets: UNSET },
	{ it: 'stdio 0 stays 0', owner: stdioServer({ replicas: 0 }), sent: 1, gets: 0, applied: '0' },
	{ it: 'stdio unset, 0 sent', owner: stdioServer(), sent: 0, gets: 0 },
	{ it: 'a VirtualMCPServer', owner: virtualMcpServer({ replicas: 4 }), sent: 1, gets: 4, applied: '4' },
	{ it: 'an MCPRemoteProxy', owner: mcpRemoteProxy({ replicas: 4 }), sent: 1, gets: 4, applied: '4' },
];

describe('Deployment, CREATE: replicas', () => {
	for (const row of CREATE) {
		it(`${row.it}: ${row.gets}${row.applied === undefined ? '' : ', noted'}`, () => {
			const after = created(row.owner, withCount(row.owner, row.sent));
			expect(countOf(after)).to.equal(row.gets);
			expect(appliedOf(after)).to.equal(row.applied);
			expect(created(row.owner, after), 'a second time').to.equal(after);
		});
	}
});

const UPDATE: { it: string; owner: Json; live: Count; sent: Count; gets: Count }[] = [
	{ it: 'TestConfigUpdatePreservesReplicas: live 3', owner: http(), live: 3, sent: 3, gets: 3 },
	{ it: 'a config update with 3 in the spec and 5 live', owner: http({ replicas: 3 }), live: 5, sent: 5, gets: 5 },
	{ it: 'from 2 to unset sets nothing', owner: http(), live: 2, sent: 2, gets: 2 },
	{ it: 'unset, one live', owner: http(), live: 1, sent: 1, gets: 1 },
	{ it: 'TestReplicaBehavior: sse 3', owner: http({ transport: 'sse' }), live: 3, sent: 3, gets: 3 },
	{ it: 'TestReplicaBehavior: streamable-http 5', owner: http(), live: 5, sent: 5, gets: 5 },
	{ it: 'TestReplicaBehavior: stdio 3', owner: stdioServer(), live: 3, sent: 3, gets: 1 },
	{ it: 'TestReplicaBehavior: stdio 1', owner: stdioServer(), live: 1, sent: 1, gets: 1 },
	{ it: 'TestReplicaBehavior: sse 0', owner: http({ transport: 'sse' }), live: 0, sent: 0, gets: 0 },
	{ it: 'TestReplicaBehavior: stdio 0', owner: stdioServer(), live: 0, sent: 0, gets: 0 },
	{ it: 'stdio 4 sent over 1', owner: stdioServer({ replicas: 4 }), live: 1, sent: 4, gets: 1 },
	{ it: 'none sent', owner: http({ replicas: 3 }), live: 3, sent: UNSET, gets: UNSET },
	{ it: 'scaled to 0 by hand, 3 in the spec', owner: http({ replicas: 3 }), live: 0, sent: 0, gets: 0 },
];

describe('Deployment, UPDATE: replicas', () => {
	for (const row of UPDATE) {
		it(`${row.it}: ${row.gets}`, () => {
			const before = withCount(row.owner, row.live);
			const after = updated(row.owner, withCount(row.owner, row.sent), before);
			expect(countOf(after)).to.equal(row.gets);
			expect(appliedOf(after), 'no note where there was none').to.equal(undefined);
			expect(updated(row.owner, after, before), 'a second time').to.equal(after);
		});
	}

	const noted = { annotations: { [APPLIED]: '3' } };
	it('the note is kept when a typed PUT drops it', () => {
		const owner = http({ replicas: 3 });
		expect(appliedOf(updated(owner, withCount(owner, 5), withCount(owner, 5, noted)))).to.equal('3');
	});
	it('a note that somebody changes is left to them', () => {
		const owner = http({ replicas: 4 });
		const changed = withCount(owner, 4, { annotations: { [APPLIED]: '4' } });
		expect(appliedOf(updated(owner, changed, withCount(owner, 3, noted)))).to.equal('4');
	});
	it('the note may go once replicas is unset', () => {
		expect(appliedOf(updated(http(), withCount(http(), 3), withCount(http(), 3, noted)))).to.equal(undefined);
	});
});

const SUMMARIES: { it: string; object: Json; is: object }[] = [
	{
		it: 'count, owner and image',
		object: deployment(http(), { replicas: 2 }),
		is: {
			namespace: 'demo',
			name: 'search',
			owners: [{ kind: 'MCPServer', namespace: 'demo', name: 'search', uid: 'uid-of-search' }],
			image: 'ghcr.io/stacklok/toolhive/proxyrunner:v0.47.0',
			replicas: 2,
		},
	},
	{
		it: 'without an owner, the server that it is labelled for',
		object: deployment(http(), {}, {}, { ownerReferences: [] }),
		is: {
			namespace: 'demo',
			name: 'search',
			owners: [],
			labelledFor: { kind: 'MCPServer', namespace: 'demo', name: 'search' },
			image: 'ghcr.io/stacklok/toolhive/proxyrunner:v0.47.0',
			replicas: 1,
		},
	},
	{ it: 'nothing', object: {}, is: { namespace: '', name: '', owners: [] } },
	{
		it: 'rubbish',
		object: { metadata: null, spec: { replicas: '3', template: [] } },
		is: { namespace: '', name: '', owners: [] },
	},
];

describe('what is remembered of a Deployment', () => {
	for (const row of SUMMARIES) {
		it(row.it, () => {
			expect(proxyDeploymentOf(row.object)).to.deep.equal(row.is);
		});
	}
});
