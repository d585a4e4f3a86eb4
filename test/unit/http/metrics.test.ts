import { expect } from 'chai';
import type { Sources } from '../../../src/http/gauges.ts';
import { createMetrics, type Metrics } from '../../../src/http/metrics.ts';

const RULES = { warnings: ['stdio-replicas-capped'], denials: ['redis-address-empty'] };
const SOURCES: Sources = {
	version: '1.2.3',
	isReady: () => false,
	inFlight: () => 3,
	watches: () => [],
	certificateExpiry: () => undefined,
};

/** Returns each sample of the product's metrics without the prefix. */
const samplesOf = async (metrics: Metrics): Promise<string[]> =>
	[...(await metrics.text()).matchAll(/^thv_scaling_(.*)$/gm)].map(([, sample = '']) => sample);

describe('metrics', () => {
	it('gauges › scraped › the value of each source at that time', async () => {
		let lastEventAgeSeconds = 1.5;
		const metrics = createMetrics({
			...SOURCES,
			isReady: () => lastEventAgeSeconds > 2,
			watches: () => [{ resource: 'mcpservers', lastEventAgeSeconds, objects: 7 }],
			reconciler: { queued: () => 2, pendingRollouts: () => 5 },
			isLeading: () => true,
			certificateExpiry: () => 1_700_000_000,
			caExpiry: () => 1_900_000_000,
		});
		expect(await samplesOf(metrics)).to.include.members([
			'build_info{version="1.2.3"} 1',
			'ready 0',
			'leader 1',
			'reconciler_queued 2',
			'reconciler_pending_rollouts 5',
			'requests_in_flight 3',
			'certificate_expiry_timestamp_seconds 1700000000',
			'ca_expiry_timestamp_seconds 1900000000',
			'watch_last_event_age_seconds{resource="mcpservers"} 1.5',
			'watch_objects{resource="mcpservers"} 7',
		]);
		lastEventAgeSeconds = Number.POSITIVE_INFINITY;
		const next = await samplesOf(metrics);
		expect(next).to.include.members(['watch_last_event_age_seconds{resource="mcpservers"} +Inf', 'ready 1']);
	});

	it('counters › each counted once › 1, and 0 for each other known label, so that its first increase is visible', async () => {
		// Counts in a second registry, as another process would. The two registries share no state.
		createMetrics(SOURCES).countReverted();
		const metrics = createMetrics({ ...SOURCES, caExpiry: () => undefined }, RULES);
		metrics.countRefused(413);
		metrics.countWarning('stdio-replicas-capped');
		metrics.countReconcile('failed');
		metrics.countReload('loaded');
		metrics.countRenewal('ca');
		metrics.countCertificateSync('failed');
		const samples = await samplesOf(metrics);
		expect(samples.join(), 'no certificate is known').not.to.include('_expiry_');
		expect(samples.filter((sample) => sample.includes('_total'))).to.have.members([
			...[400, 404, 405, 415, 500, 503, 504].map((code) => `refused_requests_total{code="${code}"} 0`),
			'refused_requests_total{code="413"} 1',
			'warnings_total{rule="stdio-replicas-capped"} 1',
			'denials_total{rule="redis-address-empty"} 0',
			'reconcile_total{result="done"} 0',
			'reconcile_total{result="failed"} 1',
			'reconciler_reverted_total 0',
			'certificate_reloads_total{result="loaded"} 1',
			'certificate_reloads_total{result="failed"} 0',
			'certificate_renewals_total{what="certificate"} 0',
			'certificate_renewals_total{what="ca"} 1',
			'certificate_sync_total{result="done"} 0',
			'certificate_sync_total{result="failed"} 1',
		]);
	});

	it('counted again › the sum; durations › sum and buckets', async () => {
		const metrics = createMetrics(SOURCES);
		for (const _ of [1, 2]) metrics.countReverted();
		const labels = { operation: 'CREATE', resource: 'apps/deployments', verdict: 'mutated' };
		for (const seconds of [0.25, 0.5]) metrics.observeReview(labels, seconds);
		const shown = 'operation="CREATE",resource="apps/deployments",verdict="mutated"';
		expect(await samplesOf(metrics)).to.include.members([
			'reconciler_reverted_total 2',
			`review_duration_seconds_sum{${shown}} 0.75`,
			`review_duration_seconds_bucket{le="0.25",${shown}} 1`,
			`review_duration_seconds_bucket{le="0.5",${shown}} 2`,
		]);
	});
});
