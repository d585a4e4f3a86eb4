/**
 * Leader election with a Lease (coordination.k8s.io/v1), as in client-go. The holder renews the Lease. Another replica
 * takes the Lease over once the Lease has not changed for its whole duration by that replica's own clock, so the clocks
 * need not agree.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isObject, type Json } from '../api/types.ts';
import { ApiError, type Connection, getFirst, type Method } from './connect.ts';
import { microTime } from './events.ts';
import type { Owner } from './owner.ts';
import { leasePath, leasesPath } from './paths.ts';
import type { Warn } from './watch.ts';

export interface LeaderElectionOptions {
	readonly connection: Pick<Connection, 'get' | 'send'>;
	readonly namespace: string;
	readonly name: string;
	/** The identity, unique to each replica. */
	readonly identity: string;
	readonly owner?: Pick<Owner, 'write'>;
	/** The work that the leader does during one term. */
	readonly lead: (term: LeaderContext) => Promise<void>;
	readonly onChange: (isLeading: boolean) => void;
	readonly warn: Warn;
	readonly timing?: Partial<LeaseTiming>;
}

export interface LeaderContext {
	/** Aborts before another replica can become the leader. */
	readonly signal: AbortSignal;
	/** Throws if the term is over, even if `signal` has not aborted yet because the process was suspended. */
	readonly assertLeading: () => void;
}

export interface LeaseTiming {
	/** How long a Lease is valid after its last change. */
	readonly leaseMs: number;
	/** A leader that could not renew the Lease for this long stops, well before another replica can become the leader. */
	readonly renewMs: number;
	readonly retryMs: number;
}

const DEFAULT_TIMING: LeaseTiming = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000 };

/** Acquires the Lease and leads, repeatedly, until `signal` aborts. Then releases the Lease and resolves. */
export async function runLeaderElection(options: LeaderElectionOptions, signal: AbortSignal): Promise<void> {
	const timing = { ...DEFAULT_TIMING, ...options.timing };
	const lease = createLease(options, timing);

	while (!signal.aborted) {
		const startedMs = performance.now();
		if ((await lease.acquire()) === 'held') {
			// If the Lease was acquired during the shutdown, the listener of the term would miss the signal.
			if (!signal.aborted) await term(startedMs);
			if (signal.aborted) await lease.release();
		}
		await pause(timing.retryMs * (1 + Math.random() / 5), signal);
	}

	/**
	 * Runs one term. `acquiredMs` is the time at which the request was sent; the response may be received long after the
	 * Lease was stored.
	 */
	async function term(acquiredMs: number): Promise<void> {
		const ended = new AbortController();
		let renewedMs = acquiredMs;
		const isOver = (): boolean => ended.signal.aborted || performance.now() - renewedMs > timing.renewMs;
		// A timer ends the term, because a renewal in the loop below may hang.
		const watchdog = setInterval(() => {
			if (isOver()) ended.abort();
		}, timing.retryMs / 4);
		const stop = (): void => ended.abort();
		signal.addEventListener('abort', stop, { once: true });
		options.onChange(true);
		const assertLeading = (): void => {
			if (isOver()) throw new Error('no longer the leader');
		};
		const work = options.lead({ signal: ended.signal, assertLeading }).catch((error: Error) => {
			options.warn('term failed', { reason: error.message });
			ended.abort();
		});
		while (!ended.signal.aborted) {
			await pause(timing.retryMs, ended.signal);
			if (ended.signal.aborted) break;
			const startedMs = performance.now();
			const outcome = await lease.acquire();
			if (outcome === 'held' && !isOver()) renewedMs = startedMs;
			else if (outcome === 'held by another replica') ended.abort();
		}
		clearInterval(watchdog);
		signal.removeEventListener('abort', stop);
		// Reports the end at once, because another replica may lead before the work has ended. The next term begins only
		// after the work has ended.
		options.onChange(false);
		await work;
	}
}

interface Lease {
	/** Makes one attempt to acquire or renew the Lease. */
	readonly acquire: () => Promise<'held' | 'held by another replica' | 'failed'>;
	/** Clears the holder, so that another replica can lead at once. */
	readonly release: () => Promise<void>;
}

function createLease(options: LeaderElectionOptions, timing: LeaseTiming): Lease {
	const { connection, namespace, name, identity, owner, warn } = options;
	const path = leasePath({ namespace, name });
	let observed: { record: string; atMs: number } | undefined;
	let hasWarned = false;

	const write = (method: Method, url: string, lease: Json, signal: AbortSignal): Promise<unknown> => {
		const send = (metadata: unknown): Promise<unknown> =>
			connection.send(method, url, { ...lease, metadata }, 'application/json', signal);
		return owner === undefined ? send(lease['metadata']) : owner.write(lease['metadata'], send);
	};
	const tryAcquire = async (signal: AbortSignal): Promise<'held' | 'held by another replica'> => {
		const lease = await getFirst(connection, [path], signal);
		if (lease === undefined) {
			await write('POST', leasesPath(namespace), recordOf(options, undefined, timing), signal);
			return 'held';
		}
		const spec = specOf(lease);
		const record = JSON.stringify(spec);
		if (observed?.record !== record) observed = { record, atMs: performance.now() };
		const isFree = !spec['holderIdentity'] || performance.now() - observed.atMs > timing.leaseMs;
		if (spec['holderIdentity'] !== identity && !isFree) return 'held by another replica';
		await write('PUT', path, recordOf(options, lease, timing), signal);
		observed = undefined;
		return 'held';
	};
	return {
		acquire: async () => {
			try {
				const outcome = await tryAcquire(AbortSignal.timeout(timing.renewMs / 2));
				if (outcome !== 'held') return outcome;
				if (hasWarned) warn('Lease acquired or renewed again', {});
				hasWarned = false;
				return outcome;
			} catch (error) {
				// A conflict means that another replica was faster, so it needs no warning.
				if (error instanceof ApiError && error.status === CONFLICT) return 'failed';
				if (!hasWarned) warn('Lease cannot be acquired or renewed', { reason: (error as Error).message });
				hasWarned = true;
				return 'failed';
			}
		},
		release: async () => {
			try {
				const timeout = AbortSignal.timeout(timing.retryMs);
				const lease = await getFirst(connection, [path], timeout);
				if (lease === undefined || specOf(lease)['holderIdentity'] !== identity) return;
				const spec = { ...specOf(lease), holderIdentity: '', leaseDurationSeconds: 1 };
				await connection.send('PUT', path, { ...lease, spec }, 'application/json', timeout);
			} catch (error) {
				warn('Lease cannot be released; another replica can acquire it when it expires', {
					reason: (error as Error).message,
				});
			}
		},
	};
}

const CONFLICT = 409;

const specOf = (lease: Json | undefined): Json => (isObject(lease?.['spec']) ? lease['spec'] : {});

function recordOf(
	{ namespace, name, identity }: LeaderElectionOptions,
	lease: Json | undefined,
	timing: LeaseTiming,
): Json {
	const before = specOf(lease);
	const now = microTime(Date.now());
	const isSame = before['holderIdentity'] === identity;
	return {
		apiVersion: 'coordination.k8s.io/v1',
		kind: 'Lease',
		metadata: lease?.['metadata'] ?? { namespace, name },
		spec: {
			holderIdentity: identity,
			leaseDurationSeconds: Math.ceil(timing.leaseMs / 1000),
			acquireTime: isSame ? before['acquireTime'] : now,
			renewTime: now,
			leaseTransitions: Math.min(transitionsOf(before) + (isSame || lease === undefined ? 0 : 1), INT32_MAX),
		},
	};
}

const INT32_MAX = 2 ** 31 - 1;

/** Limits the number to an int32, because the API server rejects more. */
const transitionsOf = ({ leaseTransitions }: Json): number =>
	Number.isInteger(leaseTransitions) ? Math.max(0, leaseTransitions as number) : 0;

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
	sleep(ms, undefined, { signal }).catch(() => undefined);
