/** Reads the metrics of the product. */
import type { Served } from './product.ts';

/** Sum of a metric over its labels and replicas, 0 where it was never counted. */
export async function metricOf({ metrics }: Pick<Served, 'metrics'>, name: string): Promise<number> {
	const lines = (await metrics())
		.split('\n')
		.filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
	return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
