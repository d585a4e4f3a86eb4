import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { autoscalerOf } from '../../../src/objects/autoscaler.ts';
import { autoscaler } from '../../harness/objects.ts';

const BETA = 'toolhive.stacklok.dev/v1beta1';
const HPA = { kind: 'HorizontalPodAutoscaler', namespace: 'demo', name: 'search-hpa', target: 'search' };
const KEDA = { ...HPA, kind: 'ScaledObject' };

const target = (kind?: string, apiVersion?: string): Json => ({ kind, apiVersion, name: 'search' });
const hpa = (scaleTargetRef: unknown): Json => ({ ...autoscaler('search'), spec: { scaleTargetRef } });
const keda = (spec: Json, apiVersion = 'keda.sh/v1alpha1'): Json => {
	return { ...autoscaler('search'), apiVersion, kind: 'ScaledObject', spec };
};

const ROWS: [title: string, object: Json, targetKind?: string, maxReplicas?: number][] = [
	['a Deployment', autoscaler('search'), 'Deployment', 5],
	['a VirtualMCPServer without an apiVersion', hpa(target('VirtualMCPServer')), 'VirtualMCPServer'],
	['an MCPServer of apps/v1 (as in keda#4924)', hpa(target('MCPServer', 'apps/v1')), 'MCPServer'],
	['an MCPServer of another project', hpa(target('MCPServer', 'kagent.dev/v1alpha1'))],
	['a ReplicaSet', hpa(target('ReplicaSet'))],
	['no spec', {}],
	['KEDA, the default', keda({ scaleTargetRef: target() }), 'Deployment', 100],
	['KEDA, 1 at most', keda({ scaleTargetRef: target(), maxReplicaCount: 1 }), 'Deployment', 1],
	['KEDA, the server', keda({ scaleTargetRef: target('MCPRemoteProxy', BETA) }), 'MCPRemoteProxy', 100],
	['KEDA, none', keda({})],
	['a ScaledObject of another project', keda({ scaleTargetRef: target() }, 'example.com/v1')],
];

describe('autoscaler › its target', () => {
	for (const [title, object, targetKind, maxReplicas] of ROWS) {
		it(`${title} › ${targetKind ?? 'ignored'}`, () => {
			const names = object['kind'] === 'ScaledObject' ? KEDA : HPA;
			const expected = { ...names, targetKind, ...(maxReplicas !== undefined && { maxReplicas }) };
			expect(autoscalerOf(object)).to.deep.equal(targetKind && expected);
		});
	}
	it('metadata and names of wrong types › empty', () => {
		const summary = autoscalerOf({ ...hpa({ kind: 'Deployment' }), metadata: 3 });
		expect(summary).to.deep.equal({ ...HPA, namespace: '', name: '', target: '', targetKind: 'Deployment' });
	});
});
