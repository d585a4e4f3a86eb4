import { expect } from 'chai';
import { warningText } from '../../../src/admission/response.ts';
import type { Json, Server } from '../../../src/api/types.ts';
import { appliedReplicasOf, proxyDeploymentOf } from '../../../src/objects/deployment.ts';
import { valueAt } from '../../../src/objects/metadata.ts';
import { capScale } from '../../../src/objects/scale.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { store } from '../../harness/decided.ts';
import * as harness from '../../harness/objects.ts';

const { container, deployment, mcpServer: http, PASSWORD_ENTRY, stdioServer: stdio, WITH_PASSWORD } = harness;
const SSE = { transport: 'sse' };

/** A replica count, or undefined if the count is not set. */
type Count = number | undefined;

const withCount = (owner: Json, replicas: Count, applied?: string): Json => {
	const annotations = applied === undefined ? {} : { 'toolhive-scaling/applied-replicas': applied };
	const object = harness.asTree(deployment(owner, { replicas }, {}, { annotations }));
	if (replicas === undefined) delete object['spec']?.['replicas'];
	return object;
};
const countsOf = (object: Json): unknown[] => [valueAt(object, ['spec', 'replicas']), appliedReplicasOf(object)];

const CREATE: [title: string, owner: Json, sent: Count, expected: Count, applied?: string][] = [
	['TestSpecDrivenReplicasNil: unset, 1 sent', http(), 1, 1],
	['TestSpecDrivenReplicasNil: unset, none sent', http(), undefined, undefined],
	['TestSpecDrivenReplicas1: 1, 1 sent', http({ replicas: 1 }), 1, 1],
	['TestSpecDrivenReplicas3SseTransport: 3, 1 sent', http({ ...SSE, replicas: 3 }), 1, 3, '3'],
	['3, none sent', http({ replicas: 3 }), undefined, 3, '3'],
	['TestSpecDrivenStdioCapAt1: stdio 3, 1 sent', stdio({ replicas: 3 }), 1, 1],
	['TestSpecDrivenStdioCapAt1: stdio 3, 3 sent', stdio({ replicas: 3 }), 3, 1, '1'],
	['stdio unset, 3 sent', stdio(), 3, 1],
];

const UPDATE: [title: string, owner: Json, before: Count, sent: Count, expected: Count][] = [
	['TestConfigUpdatePreservesReplicas: live 3', http(), 3, 3, 3],
	['3 in the spec, scaled to 0', http({ replicas: 3 }), 0, 0, 0],
	['3 in the spec, none sent', http({ replicas: 3 }), 3, undefined, undefined],
	['TestReplicaBehavior: sse 3', http(SSE), 3, 3, 3],
	['TestReplicaBehavior: streamable-http 5', http(), 5, 5, 5],
	['TestReplicaBehavior: stdio 3', stdio(), 3, 3, 1],
	['TestReplicaBehavior: stdio 1', stdio(), 1, 1, 1],
	['TestReplicaBehavior: sse 0', http(SSE), 0, 0, 0],
	['TestReplicaBehavior: stdio 0', stdio(), 0, 0, 0],
];

describe('deployment › replicas', () => {
	const check = (title: string, owner: Json, sent: Count, expected: unknown[], before?: Json): void => {
		it(`${title} › ${expected}`, () => {
			const after = store(owner, withCount(owner, sent), before);
			expect(countsOf(after)).to.deep.equal(expected);
			expect(store(owner, after, before), 'a second time').to.equal(after);
		});
	};
	for (const [title, owner, sent, expected, applied] of CREATE)
		check(`CREATE › ${title}`, owner, sent, [expected, applied]);
	for (const [title, owner, live, sent, expected] of UPDATE)
		check(`UPDATE › ${title}`, owner, sent, [expected, undefined], withCount(owner, live));
	for (const [sent, expected] of [
		[undefined, '3'],
		['4', '4'],
	]) {
		it(`UPDATE › the annotation is 3, a client sends ${sent} › ${expected}`, () => {
			const owner = http({ replicas: 4 });
			const after = store(owner, withCount(owner, 4, sent), withCount(owner, 3, '3'));
			expect(countsOf(after)).to.deep.equal([4, expected]);
		});
	}
});

describe('deployment › template, on CREATE and UPDATE', () => {
	const owner = http({ replicas: 1, ...WITH_PASSWORD });
	const side = { name: 'side', image: 'side:1' };
	const sent = deployment(owner, {}, { containers: [side, container(owner, { env: null }), side] });
	const template = ['spec', 'template'];
	const containersOf = (object: Json) => valueAt(object, [...template, 'spec', 'containers']) as Json[];

	it('the password variable › only the proxy container gets it', () => {
		for (const after of [store(owner, sent), store(owner, sent, sent)]) {
			const [first, proxy, third] = containersOf(after);
			expect([first, proxy?.['env'], third]).to.deep.equal([side, [PASSWORD_ENTRY], side]);
			expect(after['metadata']).to.equal(sent['metadata']);
			expect(valueAt(after, [...template, 'metadata'])).to.equal(valueAt(sent, [...template, 'metadata']));
		}
	});
	it('the password variable, pod mode › unchanged', () => {
		for (const before of [undefined, sent])
			expect(containersOf(store(owner, sent, before, { passwordEnv: 'pod' }))[1]?.['env']).to.equal(null);
	});

	for (const spec of [undefined, 'x', { template: null }, { template: {} }, { replicas: '1' }]) {
		it(`invalid spec ${JSON.stringify(spec)}, which the API server rejects › unchanged`, () => {
			const other = http(WITH_PASSWORD);
			for (const before of [undefined, { spec }]) expect(store(other, { spec }, before)['spec']).to.deep.equal(spec);
		});
	}
	for (const containers of [undefined, null, [], 'x']) {
		it(`containers ${JSON.stringify(containers)} › the Deployment gets a grace period`, () => {
			const podSpec = { containers, terminationGracePeriodSeconds: undefined };
			const after = store(owner, deployment(owner, {}, podSpec));
			expect(valueAt(after, [...template, 'spec'])).to.deep.equal({ ...podSpec, terminationGracePeriodSeconds: 45 });
		});
	}
});

const NAMES = { namespace: 'demo', name: 'search' };
const SEARCH = { ...NAMES, kind: 'MCPServer' };
const NO_NAMES = { namespace: '', name: '', owners: [] };
const image = 'ghcr.io/stacklok/toolhive/proxyrunner:v0.47.0';
const owners = [{ ...SEARCH, uid: 'uid-of-search' }];
const withMetadata = (metadata: Json): Json => deployment(http(), {}, {}, metadata);
const UNOWNED = { ownerReferences: [] };
const SUMMARIES: [title: string, object: Json, expected: Json][] = [
	['its owner', withMetadata({ generation: 7 }), { ...NAMES, owners, image, replicas: 1, generation: 7 }],
	['no owner, its labels', withMetadata(UNOWNED), { ...NAMES, owners: [], labelledFor: SEARCH, image, replicas: 1 }],
	['labels of another name', withMetadata({ ...UNOWNED, name: 'x' }), { ...NAMES, name: 'x', owners: [], replicas: 1 }],
	['an empty object', {}, NO_NAMES],
	['values of wrong types', { metadata: null, spec: { replicas: '3', template: [] } }, NO_NAMES],
];

describe('deployment › its summary in the cache', () => {
	for (const [title, object, expected] of SUMMARIES)
		it(title, () => expect(proxyDeploymentOf(object)).to.deep.equal(expected));
});

type Scale = [title: string, owner: Json, spec: unknown];
const UNCHANGED: Scale[] = [
	['stdio', stdio(), { replicas: 1 }],
	['stdio', stdio(), { replicas: 0 }],
	['HTTP, 2 in the spec', http({ replicas: 2 }), { replicas: 5 }],
	['VirtualMCPServer', harness.virtualMcpServer(), { replicas: 5 }],
	['MCPRemoteProxy', harness.mcpRemoteProxy(), { replicas: 5 }],
	...[undefined, null, 'x', [], {}, { replicas: '5' }].map((spec): Scale => ['stdio', stdio(), spec]),
];

describe('deployment › scale', () => {
	for (const [title, owner, spec] of UNCHANGED) {
		it(`${title}, spec ${JSON.stringify(spec)} › unchanged`, () => {
			const object = harness.frozen({ ...harness.scale('files', 1), spec });
			const { scale: after, findings } = capScale(object, serverOf(owner) as Server);
			expect(after).to.equal(object);
			expect(findings).to.deep.equal([]);
		});
	}
	for (const length of [5, 60, 253]) {
		it(`stdio, 2 › 1, and a warning of 120 characters at most with 60 of ${length} of its name`, () => {
			const name = 'n'.repeat(length);
			const server = serverOf(stdio({}, { name })) as Server;
			const { scale: after, findings } = capScale(harness.frozen(harness.scale(name, 2)), server);
			expect(after).to.deep.equal(harness.scale(name, 1));
			expect(findings.map(warningText)[0]).to.include(name.slice(0, 60)).and.have.length.at.most(120);
		});
	}
});
