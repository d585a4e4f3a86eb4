import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { autoscalerOf } from '../../../src/objects/autoscaler.ts';
import { autoscaler } from '../../harness/objects.ts';

const BETA = 'toolhive.stacklok.dev/v1beta1';
const HPA = { kind: 'HorizontalPodAutoscaler', namespace: 'demo', name: 'search-hpa', target: 'search' };
const KEDA = { ...HPA, kind: 'ScaledObject', name: 'search-so' };
const SEARCH = { name: 'search' };

const hpa = (scaleTargetRef: unknown): Json => ({ ...autoscaler('search'), spec: { scaleTargetRef } });
const keda = (spec: Json, apiVersion = 'keda.sh/v1alpha1'): Json => {
	return { apiVersion, kind: 'ScaledObject', metadata: { name: 'search-so', namespace: 'demo' }, spec };
};
const ofKeda = (scaleTargetRef: Json, maxReplicaCount?: number): Json => keda({ scaleTargetRef, maxReplicaCount });

const ROWS: [title: string, object: Json, expected?: Json][] = [
	['a Deployment', autoscaler('search'), { ...HPA, targetKind: 'Deployment', maxReplicas: 5 }],
	['a StatefulSet', hpa({ ...SEARCH, kind: 'StatefulSet' }), { ...HPA, targetKind: 'StatefulSet' }],
	['an MCPServer', hpa({ ...SEARCH, kind: 'MCPServer', apiVersion: BETA }), { ...HPA, targetKind: 'MCPServer' }],
	['no apiVersion', hpa({ ...SEARCH, kind: 'VirtualMCPServer' }), { ...HPA, targetKind: 'VirtualMCPServer' }],
	[
		'an MCPServer with the apiVersion of a Deployment (as in keda#4924)',
		hpa({ ...SEARCH, kind: 'MCPServer', apiVersion: 'apps/v1' }),
		{ ...HPA, targetKind: 'MCPServer' },
	],
	['an MCPServer of another project', hpa({ ...SEARCH, kind: 'MCPServer', apiVersion: 'kagent.dev/v1alpha1' })],
	['a ReplicaSet', hpa({ ...SEARCH, kind: 'ReplicaSet' })],
	['an empty object', {}],
	['a target that is a string', hpa('search')],
	[
		'metadata and names of wrong types',
		{ ...hpa({ kind: 'Deployment' }), metadata: 3 },
		{ ...HPA, namespace: '', name: '', target: '', targetKind: 'Deployment' },
	],
	['KEDA defaults', ofKeda(SEARCH), { ...KEDA, targetKind: 'Deployment', maxReplicas: 100 }],
	['KEDA, maximum of 1', ofKeda(SEARCH, 1), { ...KEDA, targetKind: 'Deployment', maxReplicas: 1 }],
	[
		'KEDA, a StatefulSet',
		ofKeda({ ...SEARCH, kind: 'StatefulSet' }, 3),
		{ ...KEDA, targetKind: 'StatefulSet', maxReplicas: 3 },
	],
	[
		'KEDA, the server itself',
		ofKeda({ ...SEARCH, apiVersion: BETA, kind: 'MCPRemoteProxy' }),
		{ ...KEDA, targetKind: 'MCPRemoteProxy', maxReplicas: 100 },
	],
	['KEDA, no target', keda({})],
	['a ScaledObject of another project', keda({ scaleTargetRef: SEARCH }, 'example.com/v1')],
];

describe('autoscaler', () => {
	for (const [title, object, expected] of ROWS) {
		it(`${title} › ${expected === undefined ? 'ignored' : 'its target and maximum are returned'}`, () => {
			expect(autoscalerOf(object)).to.deep.equal(expected);
		});
	}
});
