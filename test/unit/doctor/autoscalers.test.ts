import { expect } from 'chai';
import { describe, it } from 'mocha';
import { autoscalers } from '../../../src/doctor/autoscalers.ts';
import { fixes, sentences, server } from './results.ts';

const hpa = (target: string, namespace = 'demo') => ({
	kind: 'HorizontalPodAutoscaler' as const,
	namespace,
	name: `${target}-hpa`,
	targetKind: 'Deployment' as const,
	target,
});
const NONE = 'no HorizontalPodAutoscaler fights over the replicas of a server';

describe('doctor: autoscalers', () => {
	for (const row of [
		{ it: 'none', servers: [server('web', { replicas: 2 })], found: [], says: [`ok: ${NONE} (0 looked at)`] },
		{
			it: 'one of a server without replicas',
			servers: [server('web')],
			found: [hpa('web')],
			says: [`ok: ${NONE} (1 looked at)`],
		},
		{
			it: 'one in another namespace',
			servers: [server('web', { replicas: 2 })],
			found: [hpa('web', 'other')],
			says: [`ok: ${NONE} (1 looked at)`],
		},
		{
			it: 'the server ignores the warning › no line',
			servers: [server('web', { replicas: 2 }, { ignore: ['autoscaled-and-pinned'] })],
			found: [hpa('web')],
			says: [`ok: ${NONE} (1 looked at)`],
		},
		{
			it: 'replicas: 0 › a warning',
			servers: [server('web', { replicas: 0 })],
			found: [hpa('web')],
			says: [
				'warn: MCPServer demo/web spec.replicas: remove it: the count belongs to HorizontalPodAutoscaler web-hpa (autoscaled-and-pinned)',
			],
		},
		{
			it: 'one of a stdio server with replicas: both',
			servers: [server('web', { stdio: true, replicas: 1 })],
			found: [hpa('web')],
			says: [
				'warn: MCPServer demo/web spec.replicas: remove it: the count belongs to HorizontalPodAutoscaler web-hpa (autoscaled-and-pinned)',
				'warn: MCPServer demo/web spec.transport: stdio stays at 1 replica; delete HorizontalPodAutoscaler web-hpa (stdio-autoscaled)',
			],
		},
		{
			it: 'one that may run two replicas of a server without Redis',
			servers: [server('web')],
			found: [{ ...hpa('web'), maxReplicas: 2 }],
			says: [
				'warn: MCPServer demo/web spec.sessionStorage: needs redis: up to 2 replicas by HorizontalPodAutoscaler web-hpa (session-storage-missing)',
			],
		},
		{
			it: 'one of the backend StatefulSet with backendReplicas, and one of the server itself',
			servers: [server('web', { backendReplicas: 2 })],
			found: [
				{ ...hpa('web'), targetKind: 'StatefulSet' as const },
				{ ...hpa('web'), name: 'wrong', targetKind: 'MCPServer' as const },
			],
			says: [
				'warn: MCPServer demo/web spec.backendReplicas: conflicts with HorizontalPodAutoscaler web-hpa (backend-autoscaled-and-pinned)',
				'warn: MCPServer demo/web metadata.name: target the Deployment in HorizontalPodAutoscaler wrong (autoscaler-target-invalid)',
			],
		},
		{
			it: 'two of one server: one line each',
			servers: [server('web', { replicas: 2 })],
			found: [hpa('web'), { ...hpa('web'), name: 'second' }],
			says: [
				'warn: MCPServer demo/web spec.replicas: remove it: the count belongs to HorizontalPodAutoscaler web-hpa (autoscaled-and-pinned)',
				'warn: MCPServer demo/web spec.replicas: remove it: the count belongs to HorizontalPodAutoscaler second (autoscaled-and-pinned)',
			],
		},
	]) {
		it(row.it, () => expect(sentences(autoscalers(row.servers, row.found))).to.deep.equal(row.says));
	}
	it('the fixes for a backend and for a wrong target are commands', () => {
		const found = [
			{ ...hpa('web'), targetKind: 'StatefulSet' as const },
			{ ...hpa('web'), name: 'wrong', targetKind: 'MCPServer' as const },
		];
		expect(fixes(autoscalers([server('web', { backendReplicas: 2 })], found))).to.deep.equal([
			'kubectl delete hpa web-hpa -n demo',
			`kubectl patch hpa wrong -n demo --type=merge -p '{"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}}}'`,
		]);
	});
	it('the fixes are commands', () =>
		expect(fixes(autoscalers([server('web', { stdio: true, replicas: 1 })], [hpa('web')]))).to.deep.equal([
			`kubectl patch mcpserver web -n demo --type=merge -p '{"spec":{"replicas":null}}'`,
			'kubectl delete hpa web-hpa -n demo',
		]));
});
