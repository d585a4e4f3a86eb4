/** Wires the reconciler of `serve` to the cluster and to its queue; contains no rules. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Cluster } from '../admission/cluster.ts';
import { patchBetween } from '../admission/patch.ts';
import type { Kind } from '../api/names.ts';
import type { ServerRef } from '../api/types.ts';
import type { Cache } from '../cluster/cache.ts';
import type { Connection } from '../cluster/connect.ts';
import { createEventRecorder, type EventRecorder } from '../cluster/events.ts';
import type { LeaderContext } from '../cluster/leader-election.ts';
import { createNamespaceFilter, createSkippedNamespaces, type Namespaces } from '../cluster/namespaces.ts';
import { createRateLimiter } from '../cluster/rate-limiter.ts';
import { createObjects, isConflict } from '../cluster/writes.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Settings } from '../policy/settings.ts';
import { EVENT_REASONS, type ReconcilerClient } from '../reconciler/client.ts';
import { createQueue, type Queue } from '../reconciler/queue.ts';
import { createReconciler, type Reconciler } from '../reconciler/reconcile.ts';

export interface ReconcilerOptions {
	readonly connection: Connection;
	readonly cache: Cache;
	readonly clusterContextOf: Cluster['clusterContextOf'];
	readonly settings: Settings;
	readonly settleMs: number;
	readonly rolloutsPerMinute: number;
	readonly namespaces: Namespaces;
	/** The `reportingInstance` of Events. */
	readonly identity: string;
	readonly log: Logger;
	readonly metrics: Pick<Metrics, 'countWrite' | 'countReconcile' | 'countReverted'>;
}

export interface ServingReconciler {
	/** The work of one term. */
	readonly lead: (term: LeaderContext) => Promise<void>;
	/** Enqueues a server. Does nothing unless leading, because a new term enqueues every server. */
	readonly enqueue: (ref: ServerRef) => void;
	readonly queued: () => number;
	readonly pendingRollouts: () => number;
	/** Resolves when all Events are written. The caller waits for this after the last term. */
	readonly flush: () => Promise<void>;
}

const PROGRESS_MS = 30_000;
const OPT_IN_CHECK_MS = 30_000;

export function servingReconciler(options: ReconcilerOptions): ServingReconciler {
	const { connection, cache, log, metrics } = options;
	const warn = (message: string, detail: object): void => log.warn(detail, message);
	const isIncluded = createNamespaceFilter(connection, options.namespaces);
	const events = createEventRecorder({ connection, instance: options.identity, warn });
	let current: { queue: Queue; reconciler: Reconciler } | undefined;

	async function lead({ signal, assertLeading }: LeaderContext): Promise<void> {
		const client = reconcilerClient(options, events, assertLeading);
		const reconciler = createReconciler(client, options.settings, options.settleMs);
		const skipped = createSkippedNamespaces(isIncluded);
		const queue = createQueue({
			work: async (key, aborted) => {
				const { namespace } = refOf(key);
				if (!(await isIncluded(namespace, aborted))) {
					skipped.add(namespace);
					return {};
				}
				const outcome = await reconciler.reconcile(refOf(key), aborted);
				metrics.countReconcile('done');
				return outcome;
			},
			onFailure: (key, error, retryMs) => {
				metrics.countReconcile('failed');
				const { kind, namespace, name } = refOf(key);
				log.warn({ kind, namespace, name, retryMs: Math.round(retryMs), err: error }, 'reconcile failed');
			},
		});
		const enqueueOptedIn = async (): Promise<void> => {
			try {
				for await (const ref of skipped.optedIn(cache.servers(), signal)) queue.add(keyOf(ref));
			} catch (error) {
				// The remaining namespaces are read the next time.
				if (!signal.aborted) warn('namespaces cannot be read', { reason: (error as Error).message });
			}
		};
		await synced(cache, signal);
		if (signal.aborted) return;
		current = { queue, reconciler };
		for (const ref of cache.servers()) queue.add(keyOf(ref));
		const progress = setInterval(() => {
			const waiting = reconciler.pendingRollouts();
			if (waiting > 0) log.info({ waiting }, 'rollouts are delayed by --rollouts-per-minute');
		}, PROGRESS_MS);
		while (!signal.aborted) {
			await sleep(OPT_IN_CHECK_MS, undefined, { signal }).catch(() => undefined);
			if (!signal.aborted) await enqueueOptedIn();
		}
		clearInterval(progress);
		current = undefined;
		await queue.stop();
	}

	return {
		lead,
		enqueue: (ref) => current?.queue.add(keyOf(ref)),
		queued: () => current?.queue.size() ?? 0,
		pendingRollouts: () => current?.reconciler.pendingRollouts() ?? 0,
		flush: () => events.flush(),
	};
}

function reconcilerClient(
	{ connection, metrics, clusterContextOf, rolloutsPerMinute }: ReconcilerOptions,
	events: EventRecorder,
	assertLeading: () => void,
): ReconcilerClient {
	const objects = createObjects(connection, patchBetween, metrics.countWrite);
	return {
		...objects,
		writeConditions: (...args) => {
			assertLeading();
			return objects.writeConditions(...args);
		},
		write: (...args) => {
			assertLeading();
			return objects.write(...args);
		},
		clusterContextOf,
		isConflict,
		recordEvent: (server, reason, note) => {
			// The metric counts every occurrence, because an Event may be dropped or become part of a series.
			if (reason === EVENT_REASONS.reverted) metrics.countReverted();
			events.record(server, { ...reason, note });
		},
		nowMs: () => performance.now(),
		timestamp: () => `${new Date().toISOString().slice(0, 19)}Z`,
		rollouts: createRateLimiter(rolloutsPerMinute),
	};
}

/**
 * Waits for the caches, because every server is reconciled at the start. A resource that the replica may not list is
 * not waited for.
 */
async function synced({ watches }: Cache, signal: AbortSignal): Promise<void> {
	const isWaiting = (): boolean => Object.values(watches).some((watch) => !watch.hasSynced() && !watch.isForbidden());
	while (!signal.aborted && isWaiting()) await sleep(100);
}

const keyOf = ({ kind, namespace, name }: ServerRef): string => `${kind}/${namespace}/${name}`;

function refOf(key: string): ServerRef {
	const [kind, namespace = '', name = ''] = key.split('/');
	return { kind: kind as Kind, namespace, name };
}
