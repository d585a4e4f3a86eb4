/** Reads the metrics of the product. */
import type { Served } from './product.ts';

/** Returns the sum of a metric over all labels and replicas, or 0 if it has no time series. */
export async function metricOf({ metrics }: Pick<Served, 'metrics'>, name: string): Promise<number> {
	const lines = (await metrics())
		.split('\n')
		.filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
	return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
