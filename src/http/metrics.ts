/** The Prometheus metrics. */
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { GROUP, KIND_LIST, KINDS } from '../api/names.ts';
import { addGauges, type Sources } from './gauges.ts';

/** The labels of one review. `resource` and `operation` come from clients, so only known values become labels. */
export interface ReviewLabels {
	readonly operation: string;
	readonly resource: string;
	readonly verdict: string;
}

/** The ids of all rules. */
export interface Rules {
	readonly warnings: Iterable<string>;
	readonly denials: Iterable<string>;
}

export interface Metrics {
	readonly observeReview: (labels: ReviewLabels, seconds: number) => void;
	/** Counts a request that was answered with an error instead of an AdmissionReview. */
	readonly countRefused: (code: number) => void;
	/** Counts a warning that was sent, by the id of its rule. */
	readonly countWarning: (rule: string) => void;
	readonly countDenial: (rule: string) => void;
	/** Counts a write by the reconciler. */
	readonly countWrite: (resource: string) => void;
	readonly countReconcile: (result: 'done' | 'failed') => void;
	/** Counts a write by the reconciler that another client keeps reverting. */
	readonly countReverted: () => void;
	readonly countReload: (result: 'loaded' | 'failed') => void;
	/** Counts a certificate that this replica issued as the leader. */
	readonly countRenewal: (what: 'certificate' | 'ca') => void;
	/** Counts a sync of the Secret and every caBundle by the leader. */
	readonly countCertificateSync: (result: 'done' | 'failed') => void;
	readonly contentType: string;
	readonly text: () => Promise<string>;
}

const RESOURCES = new Set([
	...KIND_LIST.map((kind) => `${GROUP}/${KINDS[kind].plural}`),
	'apps/deployments',
	'apps/deployments/scale',
	'/configmaps',
	'/pods',
]);
const OPERATIONS = new Set(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']);

/** Maximum number of durations per batch. Observing that many takes about 50 µs. */
const MOST_SEEN = 100;

/** The HTTP error statuses that webhook.ts and handle.ts return. */
const REFUSALS = [400, 404, 405, 413, 415, 500, 503, 504].map(String);

export function createMetrics(sources: Sources, rules: Rules = { warnings: [], denials: [] }): Metrics {
	const registry = new Registry();
	const registers = [registry];
	collectDefaultMetrics({ register: registry });
	addGauges(registry, sources);
	const reviews = createReviewDurations(registers);
	// Each known label value starts at 0, because `increase()` misses the first event of a counter that starts at 1.
	const counter = <T extends string>(name: string, help: string, label: string, values: Iterable<T>) => {
		const made = new Counter({ name, help, labelNames: [label], registers });
		for (const value of values) made.inc({ [label]: value }, 0);
		return (value: T): void => made.inc({ [label]: value });
	};
	const countRefused = counter(
		'thv_scaling_refused_requests_total',
		'Requests that got an error instead of an AdmissionReview, by HTTP status.',
		'code',
		REFUSALS,
	);
	const countWrite = counter<string>(
		'thv_scaling_reconciler_writes_total',
		'Writes by the reconciler, by resource.',
		'resource',
		[],
	);
	const reverted = new Counter({
		name: 'thv_scaling_reconciler_reverted_total',
		help: 'Writes by the reconciler that another client keeps reverting.',
		registers,
	});

	return {
		observeReview: reviews.observe,
		countRefused: (code) => countRefused(String(code)),
		countWarning: counter('thv_scaling_warnings_total', 'Warnings sent to clients, by rule.', 'rule', rules.warnings),
		countDenial: counter(
			'thv_scaling_denials_total',
			'Violations in denied requests, by rule. A denial may have several violations.',
			'rule',
			rules.denials,
		),
		countWrite,
		countReconcile: counter('thv_scaling_reconcile_total', 'Reconciles, each of one server, by result.', 'result', [
			'done',
			'failed',
		]),
		countReverted: () => reverted.inc(),
		countReload: counter(
			'thv_scaling_certificate_reloads_total',
			'Reloads of a changed serving certificate, by result.',
			'result',
			['loaded', 'failed'],
		),
		countRenewal: counter(
			'thv_scaling_certificate_renewals_total',
			'Serving certificates and CAs that this replica issued.',
			'what',
			['certificate', 'ca'],
		),
		countCertificateSync: counter(
			'thv_scaling_certificate_sync_total',
			'Certificate sync attempts by the leader, by result.',
			'result',
			['done', 'failed'],
		),
		contentType: registry.contentType,
		text: () => {
			reviews.flush();
			return registry.metrics();
		},
	};
}

/**
 * Observes durations in batches. Observing each duration separately costs four times as much, because a review evicts
 * the data from the CPU's caches.
 */
function createReviewDurations(registers: Registry[]) {
	const histogram = new Histogram({
		name: 'thv_scaling_review_duration_seconds',
		help: 'Time from the first byte of an admission request to its response.',
		labelNames: ['operation', 'resource', 'verdict'],
		buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
		registers,
	});
	let seen: [Record<keyof ReviewLabels, string>, number][] = [];
	const flush = (): void => {
		for (const [labels, seconds] of seen) histogram.observe(labels, seconds);
		seen = [];
	};
	return {
		observe: ({ operation, resource, verdict }: ReviewLabels, seconds: number): void => {
			// Unknown values are replaced: a client's value may be as long as a body, and would stay in memory until the
			// flush.
			const labels = {
				operation: OPERATIONS.has(operation) ? operation : 'other',
				resource: RESOURCES.has(resource) ? resource : 'other',
				verdict,
			};
			seen.push([labels, seconds]);
			if (seen.length >= MOST_SEEN) flush();
		},
		flush,
	};
}
