/** The gauges, whose values are read at each scrape. */
import { Gauge, type Registry } from 'prom-client';

/** Functions that return the values of the gauges. */
export interface Sources {
	readonly version: string;
	/** Whether /readyz returns 200. */
	readonly isReady: () => boolean | Promise<boolean>;
	readonly inFlight: () => number;
	/** For each watched resource: the age of the last event in seconds, and the number of cached objects. */
	readonly watches: () => readonly { resource: string; lastEventAgeSeconds: number; objects: number }[];
	/** Undefined without leader election. */
	readonly isLeading?: () => boolean;
	/** Undefined with --reconcile=false. */
	readonly reconciler?: ReconcilerSources;
	/** Returns the expiry of the serving certificate, in seconds since the epoch. */
	readonly certificateExpiry: () => number | undefined;
	/** Returns the expiry of the CA that issued the serving certificate, in seconds since the epoch. */
	readonly caExpiry?: () => number | undefined;
}

export interface ReconcilerSources {
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
				// An unknown value removes the gauge, because an alert would read 0 as a date in 1970.
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
		help: 'Always 1. The label version is the release.',
		labelNames: ['version'],
		registers,
	}).set({ version: sources.version }, 1);
	gauge('thv_scaling_ready', 'Whether /readyz of this replica returns 200.', async () =>
		Number(await sources.isReady()),
	);
	gauge(
		'thv_scaling_certificate_expiry_timestamp_seconds',
		'Expiry of the serving certificate in use, in seconds since the epoch.',
		sources.certificateExpiry,
	);
	gauge(
		'thv_scaling_ca_expiry_timestamp_seconds',
		'Expiry of the CA that issued the serving certificate, if that CA is known.',
		sources.caExpiry ?? (() => undefined),
	);
	gauge('thv_scaling_requests_in_flight', 'Admission requests in flight.', sources.inFlight);
	const { isLeading } = sources;
	if (isLeading !== undefined) {
		gauge(
			'thv_scaling_leader',
			'Whether this replica holds the Lease. Only its holder reconciles and renews certificates.',
			() => Number(isLeading()),
		);
	}
	if (sources.reconciler !== undefined) {
		const { queued, pendingRollouts } = sources.reconciler;
		gauge('thv_scaling_reconciler_queued', "Servers in the reconciler's queue.", queued);
		gauge(
			'thv_scaling_reconciler_pending_rollouts',
			'Rollouts that the limit --rollouts-per-minute delays.',
			pendingRollouts,
		);
	}
	perWatch(
		'thv_scaling_watch_last_event_age_seconds',
		'Time since the last event from a watch.',
		(watch) => watch.lastEventAgeSeconds,
	);
	perWatch('thv_scaling_watch_objects', 'Objects in the watch cache.', (watch) => watch.objects);
}
