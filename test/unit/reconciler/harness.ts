/** A cluster of three objects in memory, with a clock that a test moves. */

import type { Json } from '../../../src/api/types.ts';
import type { Settings } from '../../../src/policy/settings.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import type { ReconcilerClient } from '../../../src/reconciler/client.ts';
import { createReconciler, type Reconciler } from '../../../src/reconciler/reconcile.ts';
import { nameOf } from '../../harness/objects.ts';

export interface Harness {
	/** The stored objects, which a test may change as any client in a cluster. */
	server: Json | undefined;
	deployment: Json | undefined;
	configMap: Json | undefined;
	/** `status`, `Deployment`, `ConfigMap`, in the order of writing. */
	readonly writes: string[];
	readonly events: string[];
	nowMs: number;
	/** So many of the next writes fail with a conflict. */
	conflicts: number;
	readonly reconciler: Reconciler;
	/** One reconcile; resolves with the delay of the next one. */
	readonly pass: () => Promise<number | undefined>;
	/** Reconciles at the requested times until none is requested. */
	readonly settle: () => Promise<void>;
}

const SETTLE_MS = 10_000;

class Conflict extends Error {}

export function createHarness(
	server: Json,
	more: {
		deployment?: Json;
		configMap?: Json;
		settings?: Partial<Settings>;
		rolloutWaitMs?: number;
		/** Reading it is forbidden. */
		unreadable?: 'Deployment' | 'ConfigMap';
		/** Writing it is forbidden. */
		unwritable?: 'ConfigMap';
	} = {},
): Harness {
	const { kind, metadata } = server as { kind: 'MCPServer'; metadata: { namespace: string } };
	const ref = { kind, namespace: metadata.namespace, name: nameOf(server) };
	const { signal } = new AbortController();
	const refuseOnce = (): void => {
		if (harness.conflicts === 0) return;
		harness.conflicts -= 1;
		throw new Conflict();
	};
	const readable = (kind: 'Deployment' | 'ConfigMap', object: Json | undefined): Json | undefined => {
		if (more.unreadable === kind) throw new Error(`${kind} is forbidden`);
		return object;
	};
	const client: ReconcilerClient = {
		getServer: async () => harness.server,
		getDeployment: async () => readable('Deployment', harness.deployment),
		getConfigMap: async () => readable('ConfigMap', harness.configMap),
		writeConditions: async (found, conditions) => {
			refuseOnce();
			harness.writes.push('status');
			harness.server = { ...found, status: { ...(found['status'] as Json), conditions } };
		},
		write: async (_found, wanted) => {
			refuseOnce();
			if (more.unwritable === wanted['kind']) throw new Error(`${more.unwritable} is forbidden`);
			harness.writes.push(String(wanted['kind']));
			if (wanted['kind'] === 'Deployment') harness.deployment = wanted;
			else harness.configMap = wanted;
			return wanted;
		},
		clusterContextOf: () => ({}),
		isConflict: (error) => error instanceof Conflict,
		recordEvent: (_server, { reason }, note) => void harness.events.push(`${reason}: ${note}`),
		nowMs: () => harness.nowMs,
		timestamp: () => new Date(Date.UTC(2026, 0, 1) + harness.nowMs).toISOString().replace('.000Z', 'Z'),
		rollouts: { take: () => more.rolloutWaitMs ?? 0 },
	};
	const harness: Harness = {
		server,
		deployment: more.deployment,
		configMap: more.configMap,
		writes: [],
		events: [],
		nowMs: 0,
		conflicts: 0,
		reconciler: createReconciler(client, { ...DEFAULT_SETTINGS, ...more.settings }, SETTLE_MS),
		pass: async () => (await harness.reconciler.reconcile(ref, signal)).requeueAfterMs,
		settle: async () => {
			for (let delayMs = await harness.pass(); delayMs !== undefined; delayMs = await harness.pass())
				harness.nowMs += delayMs;
		},
	};
	return harness;
}
