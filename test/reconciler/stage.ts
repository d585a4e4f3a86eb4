/** A cluster of three objects in memory, with a clock that a test moves. Plain functions; nothing is replaced. */

import type { Json } from '../../src/api/types.ts';
import type { Settings } from '../../src/policy/settings.ts';
import { DEFAULT_SETTINGS } from '../../src/policy/settings.ts';
import type { ReconcilerClient } from '../../src/reconciler/client.ts';
import { createReconciler, type Reconciler } from '../../src/reconciler/reconcile.ts';
import { nameOf } from '../objects/build.ts';

export interface Stage {
	/** What is stored now; a test changes it as anybody in a cluster would. */
	server: Json | undefined;
	deployment: Json | undefined;
	configMap: Json | undefined;
	/** `status`, `Deployment`, `ConfigMap`, in the order of writing. */
	readonly writes: string[];
	readonly events: string[];
	nowMs: number;
	/** So many of the next writes find that somebody was quicker. */
	conflicts: number;
	readonly reconciler: Reconciler;
	/** One pass; resolves with when to come again. */
	readonly pass: () => Promise<number | undefined>;
	/** Passes, each at the time the one before asked for, until none is asked for. */
	readonly settle: () => Promise<void>;
}

const SETTLE_MS = 10_000;

class Conflict extends Error {}

export function createStage(
	server: Json,
	more: {
		deployment?: Json;
		configMap?: Json;
		settings?: Partial<Settings>;
		rolloutWaitMs?: number;
		/** Reading it is refused, as without the permission. */
		unreadable?: 'Deployment' | 'ConfigMap';
	} = {},
): Stage {
	const { kind, metadata } = server as { kind: 'MCPServer'; metadata: { namespace: string } };
	const ref = { kind, namespace: metadata.namespace, name: nameOf(server) };
	const { signal } = new AbortController();
	const refuseOnce = (): void => {
		if (stage.conflicts === 0) return;
		stage.conflicts -= 1;
		throw new Conflict();
	};
	const readable = (kind: 'Deployment' | 'ConfigMap', object: Json | undefined): Json | undefined => {
		if (more.unreadable === kind) throw new Error(`${kind} is forbidden`);
		return object;
	};
	const client: ReconcilerClient = {
		getServer: async () => stage.server,
		getDeployment: async () => readable('Deployment', stage.deployment),
		getConfigMap: async () => readable('ConfigMap', stage.configMap),
		writeConditions: async (found, conditions) => {
			refuseOnce();
			stage.writes.push('status');
			stage.server = { ...found, status: { ...(found['status'] as Json), conditions } };
		},
		write: async (_found, wanted) => {
			refuseOnce();
			stage.writes.push(String(wanted['kind']));
			if (wanted['kind'] === 'Deployment') stage.deployment = wanted;
			else stage.configMap = wanted;
			return wanted;
		},
		surroundingsOf: () => ({}),
		isConflict: (error) => error instanceof Conflict,
		recordEvent: (_server, { reason }, note) => void stage.events.push(`${reason}: ${note}`),
		nowMs: () => stage.nowMs,
		timestamp: () => new Date(Date.UTC(2026, 0, 1) + stage.nowMs).toISOString().replace('.000Z', 'Z'),
		rollouts: { take: () => more.rolloutWaitMs ?? 0 },
	};
	const stage: Stage = {
		server,
		deployment: more.deployment,
		configMap: more.configMap,
		writes: [],
		events: [],
		nowMs: 0,
		conflicts: 0,
		reconciler: createReconciler(client, { ...DEFAULT_SETTINGS, ...more.settings }, SETTLE_MS),
		pass: async () => (await stage.reconciler.reconcile(ref, signal)).requeueAfterMs,
		settle: async () => {
			for (let delayMs = await stage.pass(); delayMs !== undefined; delayMs = await stage.pass())
				stage.nowMs += delayMs;
		},
	};
	return stage;
}
