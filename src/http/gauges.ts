/** The metrics that are read when somebody looks, rather than counted. */
import { Gauge, type Registry } from 'prom-client';

/** Numbers that are asked for when somebody looks. */
export interface Sources {
	/** Of this program. */
	readonly version: string;
	/** Whether the API server should send us anything. */
	readonly isReady: () => boolean | Promise<boolean>;
	readonly inFlight: () => number;
	/** Watched resources with the seconds since their API server last said anything, and how many objects are kept. */
	readonly watches: () => readonly { resource: string; lastEventAgeSeconds: number; objects: number }[];
	/** Where there is something that only one replica does. */
	readonly isLeading?: () => boolean;
	/** Where there is a reconciler. */
	readonly reconciler?: ReconcilerSources;
	/** Seconds since the epoch at which the serving certificate ends. */
	readonly certificateExpiry: () => number | undefined;
	/** The same of the authority behind it. */
	readonly caExpiry?: () => number | undefined;
}

export interface ReconcilerSources {
	/** Servers that wait for a pass, and those whose pods wait for their turn to be rolled. */
	readonly queued: () => number;
	readonly pendingRollouts: () => number;
}

export function addGauges(registry: Registry, sources: Sources): void {
	const registers = [registry];
	type Reading = number | undefined;
	const gauge = (name: string, help: string, read: () => Reading | Promise<Reading>): Gauge =>
		new Gauge({
			name,
			help,
			registers,
			async collect() {
				const value = await read();
				// What is not known is not there, rather than 0: an alert would take that for long ago.
				if (value === undefined) this.remove();
				else this.set(value);
			},
		});
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

	new Gauge({
		name: 'thv_scaling_build_info',
		help: 'Always 1; the label is the release.',
		labelNames: ['version'],
		registers,
	}).set({ version: sources.version }, 1);
	gauge('thv_scaling_ready', 'Whether this replica answers /readyz with 200.', async () =>
		Number(await sources.isReady()),
	);
	gauge(
		'thv_scaling_certificate_expiry_timestamp_seconds',
		'Expiry of the serving certificate in use.',
		sources.certificateExpiry,
	);
	gauge(
		'thv_scaling_ca_expiry_timestamp_seconds',
		'Expiry of the CA that issued it, if that is known.',
		sources.caExpiry ?? (() => undefined),
	);
	gauge('thv_scaling_requests_in_flight', 'Admission requests in flight.', sources.inFlight);
	const { isLeading } = sources;
	if (isLeading !== undefined) {
		gauge('thv_scaling_leader', 'Whether this replica reconciles and renews certificates.', () => Number(isLeading()));
	}
	if (sources.reconciler !== undefined) {
		const { queued, pendingRollouts } = sources.reconciler;
		gauge('thv_scaling_reconciler_queued', 'Servers in the queue of the reconciler.', queued);
		gauge(
			'thv_scaling_reconciler_pending_rollouts',
			'Rollouts that wait because of --rollouts-per-minute.',
			pendingRollouts,
		);
	}
	perWatch(
		'thv_scaling_watch_last_event_age_seconds',
		'Time since the last event of a watch.',
		(watch) => watch.lastEventAgeSeconds,
	);
	perWatch('thv_scaling_watch_objects', 'Objects in the cache of a watch.', (watch) => watch.objects);
}
