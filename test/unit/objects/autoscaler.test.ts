import { expect } from 'chai';
import { autoscalerOf } from '../../../src/objects/autoscaler.ts';
import { autoscaler } from '../../harness/objects.ts';

const target = (scaleTargetRef: unknown): object => ({ ...autoscaler('search'), spec: { scaleTargetRef } });
const scaled = (spec: object, apiVersion = 'keda.sh/v1alpha1'): object => ({
	apiVersion,
	kind: 'ScaledObject',
	metadata: { name: 'search-so', namespace: 'demo' },
	spec,
});
const BETA = 'toolhive.stacklok.dev/v1beta1';
const HPA = { kind: 'HorizontalPodAutoscaler', namespace: 'demo', name: 'search-hpa', target: 'search' };
const KEDA = { ...HPA, kind: 'ScaledObject', name: 'search-so', targetKind: 'Deployment' };

const TABLE = [
	{ it: 'a Deployment', object: autoscaler('search'), is: { ...HPA, targetKind: 'Deployment', maxReplicas: 5 } },
	{
		it: 'a StatefulSet',
		object: target({ kind: 'StatefulSet', name: 'search' }),
		is: { ...HPA, targetKind: 'StatefulSet' },
	},
	{
		it: 'an MCPServer',
		object: target({ apiVersion: BETA, kind: 'MCPServer', name: 'search' }),
		is: { ...HPA, targetKind: 'MCPServer' },
	},
	{
		it: 'a VirtualMCPServer, without an apiVersion',
		object: target({ kind: 'VirtualMCPServer', name: 'search' }),
		is: { ...HPA, targetKind: 'VirtualMCPServer' },
	},
	{
		it: 'an MCPServer, with the apiVersion of a Deployment (as in keda#4924)',
		object: target({ apiVersion: 'apps/v1', kind: 'MCPServer', name: 'search' }),
		is: { ...HPA, targetKind: 'MCPServer' },
	},
	{
		it: 'an MCPServer of another project',
		object: target({ apiVersion: 'kagent.dev/v1alpha1', kind: 'MCPServer', name: 'search' }),
		is: undefined,
	},
	{ it: 'a ReplicaSet', object: target({ kind: 'ReplicaSet', name: 'search' }), is: undefined },
	{ it: 'nothing', object: {}, is: undefined },
	{ it: 'rubbish', object: target('search'), is: undefined },
	{
		it: 'rubbish up to rubbish',
		object: { ...target({ kind: 'Deployment' }), metadata: 3 },
		is: { ...HPA, namespace: '', name: '', target: '', targetKind: 'Deployment' },
	},
	{
		it: 'by KEDA: its defaults are a Deployment and 100',
		object: scaled({ scaleTargetRef: { name: 'search' } }),
		is: { ...KEDA, maxReplicas: 100 },
	},
	{
		it: 'by KEDA: at most 1',
		object: scaled({ scaleTargetRef: { name: 'search' }, maxReplicaCount: 1 }),
		is: { ...KEDA, maxReplicas: 1 },
	},
	{
		it: 'by KEDA: the StatefulSet',
		object: scaled({ scaleTargetRef: { kind: 'StatefulSet', name: 'search' }, maxReplicaCount: 3 }),
		is: { ...KEDA, targetKind: 'StatefulSet', maxReplicas: 3 },
	},
	{
		it: 'by KEDA: the server itself',
		object: scaled({ scaleTargetRef: { apiVersion: BETA, kind: 'MCPRemoteProxy', name: 'search' } }),
		is: { ...KEDA, targetKind: 'MCPRemoteProxy', maxReplicas: 100 },
	},
	{ it: 'by KEDA: no target', object: scaled({}), is: undefined },
	{
		it: 'a ScaledObject of another project',
		object: scaled({ scaleTargetRef: { name: 'search' } }, 'example.com/v1'),
		is: undefined,
	},
];

describe('what is remembered of an autoscaler', () => {
	for (const row of TABLE) {
		it(`that scales ${row.it}: ${row.is === undefined ? 'nothing' : 'its target'}`, () => {
			expect(autoscalerOf(row.object as Parameters<typeof autoscalerOf>[0])).to.deep.equal(row.is);
		});
	}
});
