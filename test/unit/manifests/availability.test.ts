/** What keeps it there when pods, nodes and networks fail: probes, spreading, budget, network policy, addresses of its pods. */
import { expect } from 'chai';
import { SELF_CHECK_TIMEOUT_MS } from '../../../src/http/self-check.ts';
import { objectOf, template } from '../../harness/manifest-files.ts';
import type { Selector } from '../../harness/manifest-types.ts';

const { spec: pod, metadata } = template();
const specOf = <T>(kind: string, name?: string): T => objectOf(kind, name).spec as T;

describe('manifests: availability', () => {
	it('the readiness probe waits for our own round trip, so that its reason gets through', () => {
		for (const { readinessProbe } of pod.containers)
			expect((readinessProbe.timeoutSeconds ?? 1) * 1_000).to.be.above(SELF_CHECK_TIMEOUT_MS);
	});
	it('a process that hangs is not given the time of one that drains', () => {
		for (const { livenessProbe } of pod.containers)
			expect(livenessProbe.terminationGracePeriodSeconds).to.be.below(pod.terminationGracePeriodSeconds);
	});
	it('spreading, budget and network policy are about our pods', () => {
		const { selector } = specOf<{ selector: Selector }>('Deployment');
		// An empty one would select everything.
		expect(selector.matchLabels).not.to.deep.equal({});
		expect(metadata.labels).to.include(selector.matchLabels);
		expect(pod.topologySpreadConstraints).to.have.length(2);
		for (const { topologyKey, labelSelector } of pod.topologySpreadConstraints)
			expect(labelSelector, topologyKey).to.deep.equal(selector);
		expect(specOf<object>('PodDisruptionBudget')).to.deep.include({ selector });
		expect(specOf<object>('NetworkPolicy')).to.deep.include({ podSelector: selector });
	});
	it('a pod that is not ready never holds up the drain of its node', () =>
		expect(specOf<object>('PodDisruptionBudget')).to.include({ unhealthyPodEvictionPolicy: 'AlwaysAllow' }));
	it('each pod has its own metrics: a Service with one address would answer for any of them', () =>
		expect(specOf<object>('Service', 'toolhive-scaling-metrics')).to.include({ clusterIP: 'None' }));
	it('the network policy lets it reach the API server, at the port of the Service and of most servers behind it', () => {
		const { egress } = specOf<{ egress: { to?: unknown; ports: { port: number; protocol: string }[] }[] }>(
			'NetworkPolicy',
		);
		const anywhere = egress.filter(({ to }) => to === undefined).flatMap(({ ports }) => ports);
		for (const port of [443, 6443]) expect(anywhere).to.deep.include({ port, protocol: 'TCP' });
	});
});
