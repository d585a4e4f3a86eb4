/** Provides a cluster with three objects in memory, and a clock that the test sets. */
import type { Json } from '../../../src/api/types.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../src/policy/settings.ts';
import type { ReconcilerClient } from '../../../src/reconciler/client.ts';
import { createReconciler, type Reconciler } from '../../../src/reconciler/reconcile.ts';
import { asTree, nameOf, type Tree } from '../../harness/objects.ts';

export interface Harness {
	/** The stored objects. A test may change them, as any client in a cluster can. */
	server: Json | undefined;
	deployment: Json | undefined;
	configMap: Json | undefined;
	/** The writes, in order: `status`, `Deployment` or `ConfigMap`. */
	readonly writes: string[];
	/**
	 * The replicas and the annotation in each write to the Deployment, such as `3/3`, or `3/-` without the annotation.
	 */
	readonly counts: string[];
	readonly events: string[];
	nowMs: number;
	/** The number of subsequent writes that fail with a conflict. */
	conflicts: number;
	/** The delay that the rollout limit returns, and the number of its calls. */
	rolloutWaitMs: number;
	rolloutCalls: number;
	readonly reconciler: Reconciler;
	/** Runs one reconcile. Resolves with the delay before the next one. */
	readonly pass: () => Promise<number | undefined>;
	/** Reconciles at the requested times until no further reconcile is requested. */
	readonly settle: () => Promise<void>;
}

const SETTLE_MS = 10_000;
const ANNOTATION = 'toolhive-scaling/applied-replicas';

class Conflict extends Error {}

export const annotated = (applied: string | undefined): Json =>
	applied === undefined ? {} : { annotations: { [ANNOTATION]: applied } };
export const annotationsOf = (object: Json | undefined): Tree =>
	asTree(object ?? {})['metadata']?.['annotations'] ?? {};
export const replicasOf = ({ deployment }: Pick<Harness, 'deployment'>): unknown =>
	asTree(deployment ?? {})['spec']?.['replicas'];
export const conditionsOf = ({ server }: Harness): Json[] =>
	((server?.['status'] ?? {}) as { conditions?: Json[] }).conditions ?? [];
export const withConditions = (server: Json | undefined, ...conditions: Json[]): Json => ({
	...server,
	status: { conditions },
});
export const reasonsOf = ({ events }: Harness): string[] => events.map((event) => event.split(':')[0] ?? '');

/** `forbidden` is the object that cannot be read or written. */
export function createHarness(
	server: Json,
	objects: Partial<Pick<Harness, 'deployment' | 'configMap'>> = {},
	settings: Partial<Settings> = {},
	forbidden = '',
): Harness {
	const { kind, metadata } = server as { kind: 'MCPServer'; metadata: { namespace: string } };
	const ref = { kind, namespace: metadata.namespace, name: nameOf(server) };
	const { signal } = new AbortController();
	const failOnConflict = (): void => {
		if (harness.conflicts === 0) return;
		harness.conflicts -= 1;
		throw new Conflict();
	};
	const allow = <T>(action: string, value: T): T => {
		if (forbidden === action) throw new Error(`${action} is forbidden`);
		return value;
	};
	const client: ReconcilerClient = {
		getServer: async () => harness.server,
		getDeployment: async () => harness.deployment,
		getConfigMap: async () => allow('get ConfigMap', harness.configMap),
		writeConditions: async (found, conditions) => {
			failOnConflict();
			harness.writes.push('status');
			harness.server = { ...found, status: { ...(found['status'] as Json), conditions } };
		},
		write: async (_found, wanted) => {
			failOnConflict();
			harness.writes.push(allow(`write ${wanted['kind']}`, String(wanted['kind'])));
			if (wanted['kind'] === 'Deployment') {
				harness.deployment = wanted;
				harness.counts.push(`${replicasOf(harness)}/${annotationsOf(wanted)[ANNOTATION] ?? '-'}`);
			} else harness.configMap = wanted;
			return wanted;
		},
		clusterContextOf: () => ({}),
		isConflict: (error) => error instanceof Conflict,
		recordEvent: (_server, { reason }, note) => void harness.events.push(`${reason}: ${note}`),
		nowMs: () => harness.nowMs,
		timestamp: () => new Date(Date.UTC(2026, 0, 1) + harness.nowMs).toISOString().replace('.000Z', 'Z'),
		rollouts: {
			take: () => {
				harness.rolloutCalls += 1;
				return harness.rolloutWaitMs;
			},
		},
	};
	const harness: Harness = {
		server,
		deployment: objects.deployment,
		configMap: objects.configMap,
		writes: [],
		counts: [],
		events: [],
		nowMs: 0,
		conflicts: 0,
		rolloutWaitMs: 0,
		rolloutCalls: 0,
		reconciler: createReconciler(client, { ...DEFAULT_SETTINGS, ...settings }, SETTLE_MS),
		pass: async () => (await harness.reconciler.reconcile(ref, signal)).requeueAfterMs,
		settle: async () => {
			for (let delayMs = await harness.pass(); delayMs !== undefined; delayMs = await harness.pass())
				harness.nowMs += delayMs;
		},
	};
	return harness;
}
