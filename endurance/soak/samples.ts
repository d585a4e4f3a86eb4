/** What is looked at while it soaks: one line of figures per replica, every few seconds. */
import { keepDoing } from '../chaos/keep-doing.ts';
import type { Replica } from '../chaos/replica.ts';

/** A figure of /metrics, and by how much it may grow over what is measured: what noise moves its least values by. */
export interface Figure {
	readonly name: string;
	readonly metric: string;
	readonly unit: 'MiB' | '';
	/** Without it the figure is only drawn and told. */
	readonly most?: number;
}

const MIB = 2 ** 20;

/** Bounds: docs/reliability.md. */
export const FIGURES: readonly Figure[] = [
	{ name: 'heap', metric: 'nodejs_heap_size_used_bytes', unit: 'MiB', most: 5 },
	{ name: 'external', metric: 'nodejs_external_memory_bytes', unit: 'MiB', most: 5 },
	{ name: 'resident', metric: 'process_resident_memory_bytes', unit: 'MiB', most: 32 },
	{ name: 'descriptors', metric: 'process_open_fds', unit: '', most: 32 },
	{ name: 'resources', metric: 'nodejs_active_resources_total', unit: '', most: 48 },
	{ name: 'event loop p99 ms', metric: 'nodejs_eventloop_lag_p99_seconds', unit: '', most: 20 },
];

export interface Row {
	readonly atSeconds: number;
	readonly replica: string;
	/** By the name of the figure. */
	readonly values: Readonly<Record<string, number>>;
	/** Of the watch that was silent for longest. */
	readonly silentSeconds: number;
}

export const EVERY_SECONDS = 5;

export function startSampling(replicas: readonly Replica[]): { readonly stop: () => Promise<Row[]> } {
	const rows: Row[] = [];
	const startedMs = performance.now();
	const look = async (replica: Replica): Promise<void> => {
		const text = await replica.metrics().catch(() => undefined);
		// One that is cut off from us tells the next time.
		if (text === undefined) return;
		const values = FIGURES.map(({ name, metric, unit }) => [name, inUnit(readingOf(text, metric), metric, unit)]);
		const silent = [...text.matchAll(/^thv_scaling_watch_silent_seconds\{.*\} (\S+)$/gm)].map(([, value]) =>
			Number(value),
		);
		rows.push({
			atSeconds: (performance.now() - startedMs) / 1_000,
			replica: replica.name,
			values: Object.fromEntries(values),
			silentSeconds: Math.max(...silent),
		});
	};
	const { stop } = keepDoing(async () => void (await Promise.all(replicas.map(look))), EVERY_SECONDS * 1_000);
	return { stop: () => stop().then(() => rows) };
}

function readingOf(text: string, metric: string): number {
	const found = new RegExp(`^${metric} (\\S+)$`, 'm').exec(text)?.[1];
	if (found === undefined) throw new Error(`/metrics has no ${metric}`);
	return Number(found);
}

const inUnit = (value: number, metric: string, unit: Figure['unit']): number =>
	unit === 'MiB' ? value / MIB : metric.endsWith('_seconds') ? value * 1_000 : value;
