import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Sources } from '../../../src/http/gauges.ts';
import { createMetrics, type Metrics } from '../../../src/http/metrics.ts';

const SOURCES: Sources = {
	version: '1.2.3',
	isReady: () => true,
	inFlight: () => 3,
	watches: () => [],
	certificateExpiry: () => 1_800_000_000,
};

const linesOf = async (metrics: Metrics): Promise<string[]> =>
	(await metrics.text()).split('\n').filter((line) => line.startsWith('thv_scaling_'));

describe('http metrics', () => {
	it('reads its gauges when somebody looks', async () => {
		let silentSeconds = 1.5;
		const watches = (): ReturnType<Sources['watches']> => [{ resource: 'mcpservers', silentSeconds, objects: 7 }];
		const reconciler = { queued: () => 2, waitingRollouts: () => 5 };
		const metrics = createMetrics({ ...SOURCES, watches, reconciler, isLeading: () => true });
		expect(await linesOf(metrics)).to.include.members([
			'thv_scaling_leader 1',
			'thv_scaling_reconciler_queued 2',
			'thv_scaling_reconciler_waiting_rollouts 5',
			'thv_scaling_requests_in_flight 3',
			'thv_scaling_certificate_expiry_timestamp_seconds 1800000000',
			'thv_scaling_watch_silent_seconds{resource="mcpservers"} 1.5',
			'thv_scaling_watch_objects{resource="mcpservers"} 7',
		]);
		silentSeconds = Number.POSITIVE_INFINITY;
		expect(await linesOf(metrics)).to.include('thv_scaling_watch_silent_seconds{resource="mcpservers"} +Inf');
	});

	it('says which release it is, and whether it is ready', async () => {
		let isReady = false;
		const metrics = createMetrics({ ...SOURCES, isReady: () => isReady });
		expect(await linesOf(metrics)).to.include.members([
			'thv_scaling_build_info{version="1.2.3"} 1',
			'thv_scaling_ready 0',
		]);
		isReady = true;
		expect(await linesOf(metrics)).to.include('thv_scaling_ready 1');
	});

	it('shows what it counts from the beginning, so that the first of them is seen as growth', async () => {
		const rules = { warnings: ['stdio-replicas-capped'], denials: ['redis-address-empty'] };
		const counted = (await linesOf(createMetrics(SOURCES, rules))).filter((line) => line.includes('_total'));
		expect(counted).to.have.members([
			...['400', '404', '405', '413', '415', '500', '503', '504'].map(
				(code) => `thv_scaling_refused_requests_total{code="${code}"} 0`,
			),
			'thv_scaling_warnings_total{rule="stdio-replicas-capped"} 0',
			'thv_scaling_denials_total{rule="redis-address-empty"} 0',
			'thv_scaling_reconciler_passes_total{result="done"} 0',
			'thv_scaling_reconciler_passes_total{result="failed"} 0',
			'thv_scaling_reconciler_reverted_total 0',
			'thv_scaling_certificate_reloads_total{result="loaded"} 0',
			'thv_scaling_certificate_reloads_total{result="failed"} 0',
			'thv_scaling_certificate_renewals_total{what="certificate"} 0',
			'thv_scaling_certificate_renewals_total{what="authority"} 0',
			'thv_scaling_certificate_upkeep_total{result="done"} 0',
			'thv_scaling_certificate_upkeep_total{result="failed"} 0',
		]);
	});

	it('says when the certificate ends, and its authority, as far as that is known', async () => {
		let authorityEnds: number | undefined;
		let ends: number | undefined;
		const sources = { ...SOURCES, certificateExpiry: () => ends, authorityExpiry: () => authorityEnds };
		const metrics = createMetrics(sources);
		const expiries = async (): Promise<string[]> =>
			(await linesOf(metrics)).filter((line) => line.includes('_expiry_'));
		expect(await expiries()).to.deep.equal([]);
		ends = 1_700_000_000;
		authorityEnds = 1_900_000_000;
		expect(await expiries()).to.deep.equal([
			'thv_scaling_certificate_expiry_timestamp_seconds 1700000000',
			'thv_scaling_authority_expiry_timestamp_seconds 1900000000',
		]);
	});

	it('counts', async () => {
		const metrics = createMetrics(SOURCES);
		metrics.countRenewal('authority');
		metrics.countReload('loaded');
		metrics.countReload('failed');
		metrics.countReload('failed');
		metrics.countRefused(413);
		metrics.countWarning('stdio-replicas-capped');
		metrics.countWarning('stdio-replicas-capped');
		metrics.countDenial('redis-address-empty');
		metrics.countReverted();
		metrics.countUpkeep('failed');
		expect(await linesOf(metrics)).to.include.members([
			'thv_scaling_certificate_reloads_total{result="loaded"} 1',
			'thv_scaling_certificate_reloads_total{result="failed"} 2',
			'thv_scaling_refused_requests_total{code="413"} 1',
			'thv_scaling_warnings_total{rule="stdio-replicas-capped"} 2',
			'thv_scaling_denials_total{rule="redis-address-empty"} 1',
			'thv_scaling_reconciler_reverted_total 1',
			'thv_scaling_certificate_upkeep_total{result="failed"} 1',
			'thv_scaling_certificate_renewals_total{what="authority"} 1',
		]);
	});

	it('sums what it observes, in seconds', async () => {
		const metrics = createMetrics(SOURCES);
		const labels = { operation: 'CREATE', resource: 'apps/deployments', verdict: 'mutated' };
		metrics.observeReview(labels, 0.25);
		metrics.observeReview(labels, 0.5);
		const shown = 'operation="CREATE",resource="apps/deployments",verdict="mutated"';
		expect(await linesOf(metrics)).to.include.members([
			`thv_scaling_review_duration_seconds_sum{${shown}} 0.75`,
			`thv_scaling_review_duration_seconds_bucket{le="0.25",${shown}} 1`,
			`thv_scaling_review_duration_seconds_bucket{le="0.5",${shown}} 2`,
		]);
	});

	it('belongs to its process alone: two do not meet', async () => {
		createMetrics(SOURCES).countReverted();
		expect(await linesOf(createMetrics(SOURCES))).to.include('thv_scaling_reconciler_reverted_total 0');
	});
});
