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
		help: 'Always 1; which release this is.',
		labelNames: ['version'],
		registers,
	}).set({ version: sources.version }, 1);
	gauge('thv_scaling_ready', 'Whether this replica answers /readyz with 200.', async () =>
		Number(await sources.isReady()),
	);
	gauge(
		'thv_scaling_certificate_expiry_timestamp_seconds',
		'When the serving certificate in use ends.',
		sources.certificateExpiry,
	);
	gauge(
		'thv_scaling_authority_expiry_timestamp_seconds',
		'When the authority of that certificate ends, where it is known.',
		sources.authorityExpiry ?? (() => undefined),
	);
	gauge('thv_scaling_requests_in_flight', 'Admission requests being answered.', sources.inFlight);
	const { isLeading } = sources;
	if (isLeading !== undefined) {
		gauge('thv_scaling_leader', 'Whether this replica reconciles and renews certificates.', () => Number(isLeading()));
	}
	if (sources.reconciler !== undefined) {
		const { queued, waitingRollouts } = sources.reconciler;
		gauge('thv_scaling_reconciler_queued', 'Servers that wait for a pass.', queued);
		gauge('thv_scaling_reconciler_waiting_rollouts', 'Servers whose pods wait for their turn.', waitingRollouts);
	}
	perWatch(
		'thv_scaling_watch_silent_seconds',
		'Time since the API server last said anything on a watch.',
		(watch) => watch.silentSeconds,
	);
	perWatch('thv_scaling_watch_objects', 'Objects remembered from a watch.', (watch) => watch.objects);
}
