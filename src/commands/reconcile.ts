/** The reconciler inside `serve`: wires passes to the cluster, to the queue, and to the Lease. No rules here. */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Cluster } from '../admission/cluster.ts';
import { patchBetween } from '../admission/patch.ts';
import type { Connection } from '../cluster/connect.ts';
import { createEventRecorder } from '../cluster/events.ts';
import { campaign, type Term } from '../cluster/lease.ts';
import type { Memory } from '../cluster/memory.ts';
import { createObjects, isConflict } from '../cluster/writes.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Settings } from '../policy/settings.ts';
import { createPace } from '../reconciler/patience.ts';
import { createQueue, type Queue } from '../reconciler/queue.ts';
import { createReconciler, type Reconciler } from '../reconciler/reconcile.ts';
import { INSTALLED_AS, type Kind } from '../toolhive/names.ts';
import type { ServerRef } from '../toolhive/types.ts';

export interface ReconcilerOptions {
	readonly connection: Connection;
	readonly memory: Memory;
	readonly surroundingsOf: Cluster['surroundingsOf'];
	readonly settings: Settings;
	readonly settleMs: number;
	readonly rolloutsPerMinute: number;
	readonly isElected: boolean;
	readonly log: Logger;
	readonly metrics: Pick<Metrics, 'countWrite' | 'countPass'>;
}

export interface RunningReconciler {
	/** Something about this server changed. Heard only while leading: a new term looks at every server anyway. */
	readonly touch: (ref: ServerRef) => void;
	readonly isLeading: () => boolean;
	readonly queued: () => number;
	readonly waitingRollouts: () => number;
	/** Ends the term and gives the Lease up. */
	readonly stop: () => Promise<void>;
}

const PROGRESS_MS = 30_000;

export function startReconciler(options: ReconcilerOptions): RunningReconciler {
	const { connection, memory, settings, log, metrics } = options;
	const identity = `${hostname()}_${process.pid}_${Math.random().toString(36).slice(2, 8)}`;
	const onTrouble = (message: string, detail: object): void => log.warn(detail, message);
	const events = createEventRecorder({ connection, instance: identity, onTrouble });
	const stopping = new AbortController();
	let current: { queue: Queue; reconciler: Reconciler } | undefined;

	async function lead({ signal, assertLeading }: Term): Promise<void> {
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
				tell: (server, occasion, note) => events.tell(server, { ...occasion, note }),
				nowMs: () => performance.now(),
				timestamp: () => `${new Date().toISOString().slice(0, 19)}Z`,
				rollouts: createPace(options.rolloutsPerMinute),
			},
			settings,
			options.settleMs,
		);
		const queue = createQueue({
			work: async (key, aborted) => {
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
		await synced(memory, signal);
		if (signal.aborted) return;
		current = { queue, reconciler };
		for (const ref of memory.servers()) queue.add(keyOf(ref));
		const progress = setInterval(() => {
			const waiting = reconciler.waitingRollouts();
			if (waiting > 0) log.info({ waiting }, 'rollouts are spread out');
		}, PROGRESS_MS);
		await ended(signal);
		clearInterval(progress);
		current = undefined;
		await queue.stop();
	}

	let isLeading = false;
	const onChange = (now: boolean): void => {
		isLeading = now;
		log.info({ identity }, now ? 'leading' : 'not leading');
	};
	const running = options.isElected
		? campaign(
				{
					connection,
					namespace: connection.namespace ?? INSTALLED_AS,
					name: INSTALLED_AS,
					identity,
					lead,
					onChange,
					onTrouble,
				},
				stopping.signal,
			)
		: alone(lead, onChange, stopping.signal);

	return {
		touch: (ref) => current?.queue.add(keyOf(ref)),
		isLeading: () => isLeading,
		queued: () => current?.queue.size() ?? 0,
		waitingRollouts: () => current?.reconciler.waitingRollouts() ?? 0,
		stop: async () => {
			stopping.abort();
			await running;
			await events.flush();
		},
	};
}

/** One term without an election, for a single replica. */
async function alone(
	lead: (term: Term) => Promise<void>,
	onChange: (isLeading: boolean) => void,
	signal: AbortSignal,
): Promise<void> {
	onChange(true);
	await lead({ signal, assertLeading: () => undefined });
	onChange(false);
}

/** Every server is looked at once in the beginning. What we may not list does not keep the rest from going. */
async function synced({ watches }: Memory, signal: AbortSignal): Promise<void> {
	const isWaiting = (): boolean => Object.values(watches).some((watch) => !watch.hasSynced() && !watch.isRefused());
	while (!signal.aborted && isWaiting()) await sleep(100);
}

const ended = (signal: AbortSignal): Promise<void> =>
	new Promise((resolve) => {
		if (signal.aborted) resolve();
		else signal.addEventListener('abort', () => resolve(), { once: true });
	});

const keyOf = ({ kind, namespace, name }: ServerRef): string => `${kind}/${namespace}/${name}`;

function refOf(key: string): ServerRef {
	const [kind, namespace = '', name = ''] = key.split('/');
	return { kind: kind as Kind, namespace, name };
}
