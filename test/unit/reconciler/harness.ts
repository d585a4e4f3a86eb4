/** Provides a cluster with three objects in memory, and a clock that the test sets. */
import type { Json } from '../../../src/api/types.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../src/policy/settings.ts';
import type { ReconcilerClient } from '../../../src/reconciler/client.ts';
import { createReconciler } from '../../../src/reconciler/reconcile.ts';
import { asTree, nameOf, type Tree } from '../../harness/objects.ts';

export type Harness = ReturnType<typeof createHarness>;
/** The objects of a server. */
export type Objects = { deployment?: Json; configMap?: Json };

const SETTLE_MS = 10_000;
const ANNOTATION = 'toolhive-scaling/applied-replicas';

class Conflict extends Error {}

export const annotated = (applied: string | undefined): Json =>
	applied === undefined ? {} : { annotations: { [ANNOTATION]: applied } };
export const annotationsOf = (object: Json | undefined): Tree =>
	asTree(object ?? {})['metadata']?.['annotations'] ?? {};
export const replicasOf = ({ deployment }: { deployment?: Json | undefined }): unknown =>
	asTree(deployment ?? {})['spec']?.['replicas'];
export const conditionsOf = ({ server }: { server?: Json | undefined }): Json[] =>
	((server?.['status'] ?? {}) as { conditions?: Json[] }).conditions ?? [];
export const withConditions = (server: Json | undefined, ...conditions: Json[]): Json => ({
	...server,
	status: { conditions },
});
export const reasonsOf = ({ events }: Harness): string[] => events.map((event) => event.split(':')[0] ?? '');

/** `forbidden` is the object that cannot be read or written. */
export function createHarness(server: Json, objects: Objects = {}, settings: Partial<Settings> = {}, forbidden = '') {
	const { kind, metadata } = server as { kind: 'MCPServer'; metadata: { namespace: string } };
	const ref = { kind, namespace: metadata.namespace, name: nameOf(server) };
	const { signal } = new AbortController();
	const state = {
		/** The stored objects. A test may change them, as any client in a cluster can. */
		...{ server: server as Json | undefined, deployment: objects.deployment, configMap: objects.configMap },
		/** The writes, in order: `status`, `Deployment` or `ConfigMap`. */
		writes: [] as string[],
		/** The replicas and the annotation in each write to the Deployment: `3/3`, or `3/-` without the annotation. */
		counts: [] as string[],
		events: [] as string[],
		nowMs: 0,
		/** The number of subsequent writes that fail with a conflict. */
		conflicts: 0,
		/** The number of subsequent writes that a webhook reverts completely. */
		reverts: 0,
		/** The delay that the rollout limit returns, and the number of its calls. */
		...{ rolloutWaitMs: 0, rolloutCalls: 0 },
	};
	const failOnConflict = (): void => {
		if (state.conflicts === 0) return;
		state.conflicts -= 1;
		throw new Conflict();
	};
	const allow = <T>(action: string, value: T): T => {
		if (forbidden === action) throw new Error(`${action} is forbidden`);
		return value;
	};
	const client: ReconcilerClient = {
		getServer: async () => state.server,
		getDeployment: async () => state.deployment,
		getConfigMap: async () => allow('get ConfigMap', state.configMap),
		writeConditions: async (found, conditions) => {
			failOnConflict();
			state.writes.push('status');
			state.server = { ...found, status: { ...(found['status'] as Json), conditions } };
		},
		write: async (found, wanted) => {
			failOnConflict();
			state.writes.push(allow(`write ${wanted['kind']}`, String(wanted['kind'])));
			if (wanted['kind'] === 'Deployment')
				state.counts.push(`${replicasOf({ deployment: wanted })}/${annotationsOf(wanted)[ANNOTATION] ?? '-'}`);
			if (state.reverts > 0) {
				state.reverts -= 1;
				return found;
			}
			const resourceVersion = String(state.writes.length);
			const stored = { ...wanted, metadata: { ...(wanted['metadata'] as Json), resourceVersion } };
			if (wanted['kind'] === 'Deployment') state.deployment = stored;
			else state.configMap = stored;
			return stored;
		},
		clusterContextOf: () => ({}),
		isConflict: (error) => error instanceof Conflict,
		recordEvent: (_server, { reason }, note) => void state.events.push(`${reason}: ${note}`),
		nowMs: () => state.nowMs,
		timestamp: () => new Date(Date.UTC(2026, 0, 1) + state.nowMs).toISOString().replace('.000Z', 'Z'),
		rollouts: {
			take: () => {
				state.rolloutCalls += 1;
				return state.rolloutWaitMs;
			},
		},
	};
	const reconciler = createReconciler(client, { ...DEFAULT_SETTINGS, ...settings }, SETTLE_MS);
	/** Runs one reconcile. Resolves with the delay before the next one. */
	const pass = async (): Promise<number | undefined> => (await reconciler.reconcile(ref, signal)).requeueAfterMs;
	/** Reconciles at the requested times until no further reconcile is requested. */
	const settle = async (): Promise<void> => {
		for (let delayMs = await pass(); delayMs !== undefined; delayMs = await pass()) state.nowMs += delayMs;
	};
	return Object.assign(state, { reconciler, pass, settle });
}
