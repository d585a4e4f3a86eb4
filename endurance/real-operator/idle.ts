/**
 * Records what changes in a cluster while no user writes. The product must add no writes to those that the operator
 * makes alone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import jsonPatch from 'fast-json-patch';
import type { Stored } from '../../test/harness/namespace.ts';
import { mustSucceed } from '../../test/harness/product.ts';
import { wholeFrom } from '../bench/variables.ts';
import type { Harness } from './harness.ts';

/** How long no write may happen. Set a shorter time while you write tests. */
export const QUIET_MS = wholeFrom('SETTLED_SECONDS', 60, 1) * 1_000;

/** The value exceeds the delay before the reconciler writes a change that an operator might still make itself. */
const SETTLED_AFTER_MS = 25_000;
const SETTLE_TIMEOUT_MS = 240_000;
const POLL_MS = 1_000;

const RESOURCES =
	'mcpservers,virtualmcpservers,mcpremoteproxies,deployments,replicasets,configmaps,services,serviceaccounts';

export type Snapshot = ReadonlyMap<string, Stored>;

/** Returns every object in the namespaces that the operator or the product may have created. */
export async function snapshot(harness: Harness, namespaces: readonly string[]): Promise<Snapshot> {
	const found = new Map<string, Stored>();
	for (const namespace of namespaces) {
		const listed = harness.plane().kubectl(['-n', namespace, 'get', RESOURCES, '-o', 'json']);
		const { items } = JSON.parse((await mustSucceed(listed)).stdout) as { items: Stored[] };
		for (const item of items) {
			const { name } = item.metadata as unknown as { name: string };
			found.set(`${item['kind']} ${namespace}/${name}`, item);
		}
	}
	return found;
}

/** Returns the differences as JSON Patch lines, each with the name of the object. */
export function changesBetween(before: Snapshot, after: Snapshot): readonly string[] {
	const lines: string[] = [];
	for (const key of new Set([...before.keys(), ...after.keys()])) {
		const [was, is] = [before.get(key), after.get(key)];
		if (was === undefined || is === undefined) lines.push(`${key}: ${was === undefined ? 'created' : 'deleted'}`);
		else if (was.metadata.resourceVersion !== is.metadata.resourceVersion)
			for (const operation of jsonPatch.compare(was, is)) lines.push(`${key}: ${JSON.stringify(operation)}`);
	}
	return lines;
}

/**
 * Resolves when, for `quietMs`, no stored object has changed and the product has written nothing. `since` is the number
 * of writes before that time.
 */
export async function settled(
	harness: Harness,
	namespaces: readonly string[],
	quietMs = SETTLED_AFTER_MS,
): Promise<{ objects: Snapshot; since: number }> {
	const read = async () => ({
		objects: await snapshot(harness, namespaces),
		since: harness.writeCount(),
		written: harness.writesOf('product').length,
	});
	const deadlineMs = performance.now() + SETTLE_TIMEOUT_MS;
	let first = await read();
	let sinceMs = performance.now();
	while (performance.now() - sinceMs < quietMs) {
		await sleep(POLL_MS);
		const now = await read();
		const changes = changesBetween(first.objects, now.objects);
		if (performance.now() > deadlineMs)
			throw new Error(`not settled; ${now.written} writes by the product, and changes:\n${changes.join('\n')}`);
		if (changes.length === 0 && now.written === first.written) continue;
		first = now;
		sinceMs = performance.now();
	}
	return first;
}
