/** The reconciler inside `serve`: wires passes to the cluster and to the queue. No rules here. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Cluster } from '../admission/cluster.ts';
import { patchBetween } from '../admission/patch.ts';
import type { Kind } from '../api/names.ts';
import type { ServerRef } from '../api/types.ts';
import type { Cache } from '../cluster/cache.ts';
import type { Connection } from '../cluster/connect.ts';
import { createEventRecorder } from '../cluster/events.ts';
import type { LeaderContext } from '../cluster/leader-election.ts';
import { createNamespaceFilter, createSkippedNamespaces, type Namespaces } from '../cluster/namespaces.ts';
import { createRateLimiter } from '../cluster/rate-limiter.ts';
import { createObjects, isConflict } from '../cluster/writes.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Settings } from '../policy/settings.ts';
import { EVENT_REASONS } from '../reconciler/events.ts';
import { createQueue, type Queue } from '../reconciler/queue.ts';
import { createReconciler, type Reconciler } from '../reconciler/reconcile.ts';

export interface ReconcilerOptions {
	readonly connection: Connection;
	readonly memory: Cache;
	readonly surroundingsOf: Cluster['surroundingsOf'];
	readonly settings: Settings;
	readonly settleMs: number;
	readonly rolloutsPerMinute: number;
	readonly namespaces: Namespaces;
	/** Whose Events they are. */
	readonly identity: string;
	readonly log: Logger;
	readonly metrics: Pick<Metrics, 'countWrite' | 'countPass' | 'countReverted'>;
}

export interface ServingReconciler {
	/** The work of one term. */
	readonly lead: (term: LeaderContext) => Promise<void>;
	/** Something about this server changed. Heard only while leading: a new term looks at every server anyway. */
	readonly touch: (ref: ServerRef) => void;
	readonly queued: () => number;
	readonly waitingRollouts: () => number;
	/** Sends what is left to tell, after the last term. */
	readonly flush: () => Promise<void>;
}

const PROGRESS_MS = 30_000;
const OPTED_IN_MEANWHILE_MS = 30_000;

export function servingReconciler(options: ReconcilerOptions): ServingReconciler {
	const { connection, memory, settings, log, metrics } = options;
	const warn = (message: string, detail: object): void => log.warn(detail, message);
	const isLookedAfter = createNamespaceFilter(connection, options.namespaces);
	const events = createEventRecorder({ connection, instance: options.identity, warn });
	let current: { queue: Queue; reconciler: Reconciler } | undefined;

	async function lead({ signal, assertLeading }: LeaderContext): Promise<void> {
		const objects = createObjects(connection, patchBetween, metrics.countWrite);
		const reconciler = createReconciler(
			{
				...objects,
				writeConditions: (...args) => {
					assertLeading();
					return objects.writeConditions(...args);
				},
				write: (...args) => {
					assertLeading();
					return objects.write(...args);
				},
				surroundingsOf: options.surroundingsOf,
				isConflict,
				tell: (server, occasion, note) => {
					// An Event may be dropped or become part of a series; the count says all of them.
					if (occasion === EVENT_REASONS.reverted) metrics.countReverted();
					events.record(server, { ...occasion, note });
				},
				nowMs: () => performance.now(),
				timestamp: () => `${new Date().toISOString().slice(0, 19)}Z`,
				rollouts: createRateLimiter(options.rolloutsPerMinute),
			},
			settings,
			options.settleMs,
		);
		const leftOut = createSkippedNamespaces(isLookedAfter);
		const queue = createQueue({
			work: async (key, aborted) => {
				const { namespace } = refOf(key);
				if (!(await isLookedAfter(namespace, aborted))) {
					leftOut.add(namespace);
					return {};
				}
				const pass = await reconciler.reconcile(refOf(key), aborted);
				metrics.countPass('done');
				return pass;
			},
			onFailure: (key, error, retryMs) => {
				metrics.countPass('failed');
				const { kind, namespace, name } = refOf(key);
				log.warn({ kind, namespace, name, retryMs: Math.round(retryMs), err: error }, 'pass failed');
			},
		});
		const lookAgain = async (): Promise<void> => {
			try {
				for await (const ref of leftOut.optedIn(memory.servers(), signal)) queue.add(keyOf(ref));
			} catch (error) {
				// The rest is asked about the next time.
				if (!signal.aborted) warn('namespaces cannot be read', { reason: (error as Error).message });
			}
		};
		await synced(memory, signal);
		if (signal.aborted) return;
		current = { queue, reconciler };
		for (const ref of memory.servers()) queue.add(keyOf(ref));
		const progress = setInterval(() => {
			const waiting = reconciler.waitingRollouts();
			if (waiting > 0) log.info({ waiting }, 'rollouts are spread out');
		}, PROGRESS_MS);
		while (!signal.aborted) {
			await sleep(OPTED_IN_MEANWHILE_MS, undefined, { signal }).catch(() => undefined);
			if (!signal.aborted) await lookAgain();
		}
		clearInterval(progress);
		current = undefined;
		await queue.stop();
	}

	return {
		lead,
		touch: (ref) => current?.queue.add(keyOf(ref)),
		queued: () => current?.queue.size() ?? 0,
		waitingRollouts: () => current?.reconciler.waitingRollouts() ?? 0,
		flush: () => events.flush(),
	};
}

/** Every server is looked at once in the beginning. What we may not list does not keep the rest from going. */
async function synced({ watches }: Cache, signal: AbortSignal): Promise<void> {
	const isWaiting = (): boolean => Object.values(watches).some((watch) => !watch.hasSynced() && !watch.isForbidden());
	while (!signal.aborted && isWaiting()) await sleep(100);
}

const keyOf = ({ kind, namespace, name }: ServerRef): string => `${kind}/${namespace}/${name}`;

function refOf(key: string): ServerRef {
	const [kind, namespace = '', name = ''] = key.split('/');
	return { kind: kind as Kind, namespace, name };
}
