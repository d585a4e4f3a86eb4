/** What a process says at /metrics that has everything and has counted everything once. */
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
	// One with labels shows them only after it was used.
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
