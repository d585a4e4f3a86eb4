/** Prometheus metrics, created for one process and passed to whoever observes. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { GROUP, KIND_LIST, KINDS } from '../toolhive/names.ts';

/** Labels of one review. `resource` and `operation` come from outside, so they are held to a known few. */
export interface ReviewLabels {
	readonly operation: string;
	readonly resource: string;
	readonly verdict: string;
}

/** Numbers that are asked for when somebody looks. */
export interface Sources {
	readonly inFlight: () => number;
	/** Watched resources with the seconds since their API server last said anything, and how many objects are kept. */
	readonly watches: () => readonly { resource: string; silentSeconds: number; objects: number }[];
	/** Where there is something that only one replica does. */
	readonly isLeading?: () => boolean;
	/** Where there is a reconciler. */
	readonly reconciler?: ReconcilerSources;
	/** Seconds since the epoch at which the serving certificate ends. */
	readonly certificateExpiry: () => number | undefined;
	/** The same of the authority behind it. */
	readonly authorityExpiry?: () => number | undefined;
}

export interface ReconcilerSources {
	/** Servers that wait for a pass, and those whose pods wait for their turn to be rolled. */
	readonly queued: () => number;
	readonly waitingRollouts: () => number;
}

export interface Metrics {
	readonly observeReview: (labels: ReviewLabels, seconds: number) => void;
	/** A request that got no AdmissionReview back, by HTTP status. */
	readonly countRefused: (code: number) => void;
	readonly countWarnings: (count: number) => void;
	/** A write of the reconciler, by the resource it went to. */
	readonly countWrite: (resource: string) => void;
	readonly countPass: (result: 'done' | 'failed') => void;
	readonly countReload: (result: 'loaded' | 'failed') => void;
	/** Made by this replica as the leader. */
	readonly countRenewal: (what: 'certificate' | 'authority') => void;
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

export function createMetrics(sources: Sources): Metrics {
	const registry = new Registry();
	const registers = [registry];
	collectDefaultMetrics({ register: registry });
	const reviews = new Histogram({
		name: 'thv_scaling_review_duration_seconds',
		help: 'Time from the first byte of an admission request to its answer.',
		labelNames: ['operation', 'resource', 'verdict'],
		buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
		registers,
	});
	const refused = new Counter({
		name: 'thv_scaling_refused_requests_total',
		help: 'Requests that got no AdmissionReview back, by HTTP status.',
		labelNames: ['code'],
		registers,
	});
	const warnings = new Counter({ name: 'thv_scaling_warnings_total', help: 'Warnings sent to clients.', registers });
	const reloads = new Counter({
		name: 'thv_scaling_certificate_reloads_total',
		help: 'Changed serving certificates, by whether the new pair could be used.',
		labelNames: ['result'],
		registers,
	});
	const renewals = new Counter({
		name: 'thv_scaling_certificate_renewals_total',
		help: 'Certificates and authorities that this replica made.',
		labelNames: ['what'],
		registers,
	});
	const moment = (name: string, help: string, read: () => number | undefined): Gauge =>
		new Gauge({
			name,
			help,
			registers,
			collect() {
				const seconds = read();
				// What is not known is not there, rather than 0: an alert would take that for long ago.
				if (seconds === undefined) this.remove();
				else this.set(seconds);
			},
		});
	moment(
		'thv_scaling_certificate_expiry_timestamp_seconds',
		'When the serving certificate in use ends.',
		sources.certificateExpiry,
	);
	moment(
		'thv_scaling_authority_expiry_timestamp_seconds',
		'When the authority of that certificate ends, where it is known.',
		sources.authorityExpiry ?? (() => undefined),
	);
	const writes = new Counter({
		name: 'thv_scaling_reconciler_writes_total',
		help: 'Writes of the reconciler, by the resource they went to.',
		labelNames: ['resource'],
		registers,
	});
	const passes = new Counter({
		name: 'thv_scaling_reconciler_passes_total',
		help: 'Passes over one server each, by result.',
		labelNames: ['result'],
		registers,
	});
	const gauge = (name: string, help: string, read: () => number): Gauge =>
		new Gauge({
			name,
			help,
			registers,
			collect() {
				this.set(read());
			},
		});
	gauge('thv_scaling_requests_in_flight', 'Admission requests being read or answered.', sources.inFlight);
	const { isLeading } = sources;
	if (isLeading !== undefined) {
		gauge('thv_scaling_leader', 'Whether this replica reconciles and renews certificates.', () => Number(isLeading()));
	}
	if (sources.reconciler !== undefined) {
		const { queued, waitingRollouts } = sources.reconciler;
		gauge('thv_scaling_reconciler_queued', 'Servers that wait for a pass.', queued);
		gauge('thv_scaling_reconciler_waiting_rollouts', 'Servers whose pods wait for their turn.', waitingRollouts);
	}
	const perWatch = (
		name: string,
		help: string,
		read: (watch: ReturnType<Sources['watches']>[number]) => number,
	): Gauge =>
		new Gauge({
			name,
			help,
			labelNames: ['resource'],
			registers,
			collect() {
				for (const watch of sources.watches()) this.set({ resource: watch.resource }, read(watch));
			},
		});
	perWatch(
		'thv_scaling_watch_silent_seconds',
		'Time since the API server last said anything on a watch.',
		(w) => w.silentSeconds,
	);
	perWatch('thv_scaling_watch_objects', 'Objects remembered from a watch.', (w) => w.objects);

	// Binding the labels costs more than the observation itself, and there are only a few combinations.
	const children = new Map<string, ReturnType<typeof reviews.labels>>();
	return {
		observeReview: (labels, seconds) => {
			const resource = RESOURCES.has(labels.resource) ? labels.resource : 'other';
			const operation = OPERATIONS.has(labels.operation) ? labels.operation : 'other';
			const key = `${operation} ${resource} ${labels.verdict}`;
			let child = children.get(key);
			if (child === undefined) {
				child = reviews.labels({ operation, resource, verdict: labels.verdict });
				children.set(key, child);
			}
			child.observe(seconds);
		},
		countRefused: (code) => refused.inc({ code }),
		countWarnings: (count) => warnings.inc(count),
		countWrite: (resource) => writes.inc({ resource }),
		countPass: (result) => passes.inc({ result }),
		countReload: (result) => reloads.inc({ result }),
		countRenewal: (what) => renewals.inc({ what }),
		contentType: registry.contentType,
		text: () => registry.metrics(),
	};
}
