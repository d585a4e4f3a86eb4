/** Returns the metrics of a process with all components, after each metric was recorded once. */
import { createMetrics } from '../../src/http/metrics.ts';

export async function everyMetric(): Promise<string> {
	const metrics = createMetrics({
		version: '0.0.0',
		isReady: () => true,
		inFlight: () => 0,
		isLeading: () => false,
		reconciler: { queued: () => 0, pendingRollouts: () => 0 },
		watches: () => [{ resource: 'mcpservers', lastEventAgeSeconds: 0, objects: 0 }],
		certificateExpiry: () => 0,
		caExpiry: () => 0,
	});
	// A metric with labels has no time series before its first use.
	metrics.observeReview({ operation: 'CREATE', resource: '/pods', verdict: 'denied' }, 1);
	metrics.countRefused(503);
	metrics.countWrite('deployments');
	metrics.countReconcile('done');
	metrics.countReload('loaded');
	metrics.countRenewal('ca');
	metrics.countCertificateSync('done');
	metrics.countWarning('stdio-replicas-capped');
	metrics.countDenial('redis-address-empty');
	return metrics.text();
}
