import { expect } from 'chai';
import type { Json, Server } from '../../../src/api/types.ts';
import { appliedReplicasOf, proxyDeploymentOf } from '../../../src/objects/deployment.ts';
import { valueAt } from '../../../src/objects/metadata.ts';
import { capScale } from '../../../src/objects/scale.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { store } from '../../harness/decided.ts';
import * as harness from '../../harness/objects.ts';

const { deployment, mcpServer: http, stdioServer: stdio, WITH_PASSWORD } = harness;
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

const UPDATE: [title: string, owner: Json, live: Count, expected?: Count][] = [
	['TestConfigUpdatePreservesReplicas: live 3', http(), 3],
	['3 in the spec, scaled to 0', http({ replicas: 3 }), 0],
	['3 in the spec, none sent', http({ replicas: 3 }), undefined],
	['TestReplicaBehavior: sse 3', http(SSE), 3],
	['TestReplicaBehavior: streamable-http 5', http(), 5],
	['TestReplicaBehavior: stdio 3', stdio(), 3, 1],
	['TestReplicaBehavior: stdio 1', stdio(), 1],
	['TestReplicaBehavior: sse 0', http(SSE), 0],
	['TestReplicaBehavior: stdio 0', stdio(), 0],
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
	for (const [title, owner, live, expected = live] of UPDATE)
		check(`UPDATE › ${title}`, owner, live, [expected, undefined], withCount(owner, live ?? 3));
	it('UPDATE › a client sends another annotation than 3 › kept', () => {
		const owner = http({ replicas: 4 });
		expect(countsOf(store(owner, withCount(owner, 4, '4'), withCount(owner, 3, '3')))).to.deep.equal([4, '4']);
	});
});

describe('deployment › parts of wrong types, which the API server rejects', () => {
	const owner = http(WITH_PASSWORD);
	it('spec › unchanged', () => {
		for (const spec of [undefined, 'x', { template: null }, { template: {} }, { replicas: '1' }])
			for (const before of [undefined, { spec }]) expect(store(owner, { spec }, before)['spec']).to.deep.equal(spec);
	});
	it('containers › only the grace period is set', () => {
		for (const containers of [undefined, null, [], 'x']) {
			const after = store(owner, deployment(owner, {}, { containers, terminationGracePeriodSeconds: undefined }));
			const expected = { containers, terminationGracePeriodSeconds: 45 };
			expect(valueAt(after, ['spec', 'template', 'spec'])).to.deep.equal(expected);
		}
	});
	it('the spec of a Scale › unchanged, no warning', () => {
		for (const spec of [undefined, 'x', {}, { replicas: '5' }]) {
			const scale = harness.frozen({ ...harness.scale('files', 1), spec });
			expect(capScale(scale, serverOf(stdio()) as Server)).to.deep.equal({ scale, findings: [] });
		}
	});
});

const NAMES = { namespace: 'demo', name: 'search' };
const SEARCH = { ...NAMES, kind: 'MCPServer' };
const image = 'ghcr.io/stacklok/toolhive/proxyrunner:v0.47.0';
const owners = [{ ...SEARCH, uid: 'uid-of-search' }];
const withMetadata = (metadata: Json): Json => deployment(http(), {}, {}, metadata);
const UNOWNED = { ownerReferences: [] };
const SUMMARIES: [title: string, object: Json, expected: Json][] = [
	['its owner', withMetadata({ generation: 7 }), { ...NAMES, owners, image, replicas: 1, generation: 7 }],
	['no owner, its labels', withMetadata(UNOWNED), { ...NAMES, owners: [], labelledFor: SEARCH, image, replicas: 1 }],
	['labels of another name', withMetadata({ ...UNOWNED, name: 'x' }), { ...NAMES, name: 'x', owners: [], replicas: 1 }],
	['values of wrong types', { metadata: null, spec: { replicas: '3' } }, { namespace: '', name: '', owners: [] }],
];

describe('deployment › its summary in the cache', () => {
	for (const [title, object, expected] of SUMMARIES)
		it(title, () => expect(proxyDeploymentOf(object)).to.deep.equal(expected));
});
