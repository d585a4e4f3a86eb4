/**
 * Records what changes in a cluster while no user writes. The product must add no writes to those that the operator
 * makes alone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import jsonPatch from 'fast-json-patch';
import type { Stored } from '../../test/harness/namespace.ts';
import { mustSucceed } from '../../test/harness/product.ts';
import { wholeFrom } from '../bench/variables.ts';
import type { Write } from './audit.ts';
import type { Harness } from './harness.ts';

/** How long no write may happen. Set a shorter time while you write tests. */
export const SETTLED_SECONDS = wholeFrom('SETTLED_SECONDS', 60, 1);

/** The value exceeds the delay before the reconciler writes a change that an operator might still make itself. */
const SETTLED_AFTER_MS = 25_000;
const SETTLE_TIMEOUT_MS = 240_000;
const POLL_MS = 1_000;

const RESOURCES =
	'mcpservers,virtualmcpservers,mcpremoteproxies,deployments,replicasets,configmaps,services,serviceaccounts';

export type Snapshot = ReadonlyMap<string, Stored>;

export interface Idle {
	/** One line for each field that changed: the object and the JSON Patch operation. */
	readonly changes: readonly string[];
	readonly productWrites: readonly Write[];
	readonly operatorWrites: readonly Write[];
}

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

/** Resolves when, for SETTLED_AFTER_MS, no stored object has changed and the product has written nothing. */
export async function settled(harness: Harness, namespaces: readonly string[]): Promise<Snapshot> {
	const deadlineMs = performance.now() + SETTLE_TIMEOUT_MS;
	let [last, lastWrites] = [await snapshot(harness, namespaces), harness.writesOf('product').length];
	let sinceMs = performance.now();
	while (performance.now() - sinceMs < SETTLED_AFTER_MS) {
		await sleep(POLL_MS);
		const [now, writes] = [await snapshot(harness, namespaces), harness.writesOf('product').length];
		const changes = changesBetween(last, now);
		if (changes.length > 0 || writes !== lastWrites) sinceMs = performance.now();
		if (performance.now() > deadlineMs) throw new Error(`the objects still change:\n${changes.join('\n')}`);
		[last, lastWrites] = [now, writes];
	}
	return last;
}

/** Takes snapshots before and after SETTLED_SECONDS, and compares them. */
export async function watchIdle(harness: Harness, namespaces: readonly string[]): Promise<Idle> {
	const since = harness.writeCount();
	const before = await snapshot(harness, namespaces);
	await sleep(SETTLED_SECONDS * 1_000);
	return {
		changes: changesBetween(before, await snapshot(harness, namespaces)),
		productWrites: harness.writesOf('product', since),
		operatorWrites: harness.writesOf('operator', since),
	};
}
