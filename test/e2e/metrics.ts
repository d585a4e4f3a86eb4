/** Reads the product's own /metrics. */
import type { Product } from './product.ts';

/** Sum of a metric over its labels, 0 where it was never counted. */
export async function metricOf({ metricsPort }: Product, name: string): Promise<number> {
	const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
	const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
	return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
