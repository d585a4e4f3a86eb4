/** What moves in a cluster while nobody asks for anything: ours must add nothing to what the operator does alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import jsonPatch from 'fast-json-patch';
import { metricOf } from '../../test/harness/metrics.ts';
import type { Stored } from '../../test/harness/namespace.ts';
import { mustSucceed, type Product } from '../../test/harness/product.ts';
import type { Write } from './audit.ts';
import type { Stage } from './harness.ts';

/** How long no write may happen. Set a shorter time while writing tests. */
export const SETTLED_SECONDS = Number(process.env['SETTLED_SECONDS'] ?? 120);

/** Longer than the reconciler waits before it writes what an operator might still write itself. */
const QUIET_MS = 25_000;
const SETTLE_TIMEOUT_MS = 240_000;
const POLL_MS = 1_000;

const RESOURCES = [
	'mcpservers',
	'virtualmcpservers',
	'mcpremoteproxies',
	'mcpgroups',
	'deployments',
	'replicasets',
	'configmaps',
	'services',
	'serviceaccounts',
].join(',');

export type Snapshot = ReadonlyMap<string, Stored>;

export interface Stillness {
	/** `deployments/a/search: replace /spec/replicas 1`, one line for each thing that is no longer as it was. */
	readonly changes: readonly string[];
	readonly productWrites: readonly Write[];
	readonly operatorWrites: readonly Write[];
	/** By how much the product's own count of its writes grew; 0 without a product. */
	readonly counted: number;
}

/** Every object in the namespaces that the operator or we could have made. */
export async function snapshot(stage: Stage, namespaces: readonly string[]): Promise<Snapshot> {
	const found = new Map<string, Stored>();
	for (const namespace of namespaces) {
		const asked = stage.plane().kubectl(['-n', namespace, 'get', RESOURCES, '-o', 'json']);
		const { items } = JSON.parse((await mustSucceed(asked)).stdout) as { items: (Stored & { kind: string })[] };
		for (const item of items) found.set(`${item.kind} ${namespace}/${nameOf(item)}`, item);
	}
	return found;
}

/** What became of the objects, as JSON Patch lines under each object's name. */
export function changesBetween(before: Snapshot, after: Snapshot): readonly string[] {
	const lines: string[] = [];
	for (const key of new Set([...before.keys(), ...after.keys()])) {
		const [was, is] = [before.get(key), after.get(key)];
		if (was === undefined || is === undefined) lines.push(`${key}: ${was === undefined ? 'made' : 'gone'}`);
		else if (was.metadata.resourceVersion !== is.metadata.resourceVersion)
			for (const operation of jsonPatch.compare(was, is)) lines.push(`${key}: ${JSON.stringify(operation)}`);
	}
	return lines;
}

/** Resolves when nothing that is stored has changed, and our product has written nothing, for a while. */
export async function settled(stage: Stage, namespaces: readonly string[]): Promise<Snapshot> {
	const deadlineMs = performance.now() + SETTLE_TIMEOUT_MS;
	let last = await snapshot(stage, namespaces);
	let lastWrites = stage.writesOf('product').length;
	let sinceMs = performance.now();
	while (performance.now() - sinceMs < QUIET_MS) {
		await sleep(POLL_MS);
		const now = await snapshot(stage, namespaces);
		const changes = changesBetween(last, now);
		const writes = stage.writesOf('product').length;
		if (changes.length > 0 || writes !== lastWrites) sinceMs = performance.now();
		if (performance.now() > deadlineMs) throw new Error(`never got quiet; at last:\n${changes.join('\n')}`);
		last = now;
		lastWrites = writes;
	}
	return last;
}

/** Looks for `seconds`. */
export async function watchStillness(
	stage: Stage,
	namespaces: readonly string[],
	product?: Product,
	seconds = SETTLED_SECONDS,
): Promise<Stillness> {
	const since = stage.writeCount();
	const before = await snapshot(stage, namespaces);
	const countedBefore = await countedWrites(product);
	await sleep(seconds * 1_000);
	const counted = (await countedWrites(product)) - countedBefore;
	return {
		changes: changesBetween(before, await snapshot(stage, namespaces)),
		productWrites: stage.writesOf('product', since),
		operatorWrites: stage.writesOf('operator', since),
		counted,
	};
}

const countedWrites = async (product: Product | undefined): Promise<number> =>
	product === undefined ? 0 : metricOf(product, 'thv_scaling_reconciler_writes_total');

const nameOf = (object: Stored): string => (object.metadata as unknown as { name: string }).name;
