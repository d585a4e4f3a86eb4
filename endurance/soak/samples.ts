/** Samples the figures of each replica every few seconds during a soak. */
import { keepDoing } from '../chaos/keep-doing.ts';
import type { Replica } from '../chaos/replica.ts';

/** A figure from /metrics. `most` is the limit for its growth (docs/reliability.md). */
interface Figure {
	readonly name: string;
	readonly metric: string;
	readonly perUnit: number;
	readonly most: number;
}

/** The name of each figure contains its unit. */
export const FIGURES: readonly Figure[] = [
	{ name: 'heap MiB', metric: 'nodejs_heap_size_used_bytes', perUnit: 2 ** 20, most: 5 },
	{ name: 'external MiB', metric: 'nodejs_external_memory_bytes', perUnit: 2 ** 20, most: 5 },
	{ name: 'resident MiB', metric: 'process_resident_memory_bytes', perUnit: 2 ** 20, most: 32 },
	{ name: 'descriptors', metric: 'process_open_fds', perUnit: 1, most: 32 },
	{ name: 'resources', metric: 'nodejs_active_resources_total', perUnit: 1, most: 48 },
	{ name: 'event loop p99 ms', metric: 'nodejs_eventloop_lag_p99_seconds', perUnit: 0.001, most: 20 },
];

export interface Row {
	readonly atSeconds: number;
	readonly replica: string;
	/** The values, by the name of the figure. */
	readonly values: Readonly<Record<string, number>>;
	/** The longest time since the last event, over all watches. */
	readonly lastEventAgeSeconds: number;
}

export const EVERY_SECONDS = 5;

export function startSampling(replicas: readonly Replica[]): { readonly stop: () => Promise<Row[]> } {
	const rows: Row[] = [];
	const startedMs = performance.now();
	const sample = async ({ name: replica, metrics }: Replica): Promise<void> => {
		const text = await metrics().catch(() => undefined);
		// A stopped replica does not respond. The checks require only half of the samples.
		if (text === undefined) return;
		const read = (metric: string): number => {
			const found = [...text.matchAll(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)$`, 'gm'))];
			if (found.length === 0) throw new Error(`/metrics has no ${metric}`);
			return Math.max(...found.map(([, value]) => Number(value)));
		};
		const values = Object.fromEntries(FIGURES.map(({ name, metric, perUnit }) => [name, read(metric) / perUnit]));
		const atSeconds = (performance.now() - startedMs) / 1_000;
		rows.push({ atSeconds, replica, values, lastEventAgeSeconds: read('thv_scaling_watch_last_event_age_seconds') });
	};
	const { stop } = keepDoing(() => Promise.all(replicas.map(sample)), EVERY_SECONDS * 1_000);
	return { stop: () => stop().then(() => rows) };
}
