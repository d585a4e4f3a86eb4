/**
 * Leader election with a Lease (coordination.k8s.io/v1), as client-go does it: whoever holds the record renews it; others take
 * it when it has not changed for a whole lease by their own clock, so that clocks need not agree.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isObject, type Json } from '../api/types.ts';
import { ApiError, type Connection, getFirst, type Method } from './connect.ts';
import type { Owner } from './owner.ts';

export interface LeaderElectionOptions {
	readonly connection: Pick<Connection, 'get' | 'send'>;
	readonly namespace: string;
	readonly name: string;
	/** Unlike anybody else's. */
	readonly identity: string;
	readonly owner?: Pick<Owner, 'write'>;
	/** The work of one term. */
	readonly lead: (term: LeaderContext) => Promise<void>;
	readonly onChange: (isLeading: boolean) => void;
	readonly onTrouble: (message: string, detail: Json) => void;
	readonly timing?: Partial<LeaseTiming>;
}

export interface LeaderContext {
	/** Ends before anybody else can lead. */
	readonly signal: AbortSignal;
	/** Throws when the term is over, also where nobody could tell us yet, such as right after we were stopped for a while. */
	readonly assertLeading: () => void;
}

export interface LeaseTiming {
	/** How long a record that does not change is believed. */
	readonly leaseMs: number;
	/** A leader that could not renew for this long stops, well before others may take over. */
	readonly renewMs: number;
	readonly retryMs: number;
}

const DEFAULT_TIMING: LeaseTiming = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000 };

/** Campaigns and leads, again and again, until `signal` ends; then gives the Lease up and resolves. */
export async function runLeaderElection(options: LeaderElectionOptions, signal: AbortSignal): Promise<void> {
	const timing = { ...DEFAULT_TIMING, ...options.timing };
	const path = `/apis/coordination.k8s.io/v1/namespaces/${options.namespace}/leases`;
	let observed: { record: string; atMs: number } | undefined;
	let isTroubled = false;

	/** One attempt to take or renew. */
	const acquire = async (): Promise<'held' | 'not ours' | 'failed'> => {
		const timeout = AbortSignal.timeout(timing.renewMs / 2);
		try {
			const lease = await getFirst(options.connection, [`${path}/${options.name}`], timeout);
			if (lease === undefined) {
				await write(options, 'POST', path, recordOf(options, undefined, timing), timeout);
			} else {
				const spec = isObject(lease['spec']) ? lease['spec'] : {};
				const record = JSON.stringify(spec);
				if (observed?.record !== record) observed = { record, atMs: performance.now() };
				const isOurs = spec['holderIdentity'] === options.identity;
				const isFree = !spec['holderIdentity'] || performance.now() - observed.atMs > timing.leaseMs;
				if (!isOurs && !isFree) return 'not ours';
				await write(options, 'PUT', `${path}/${options.name}`, recordOf(options, lease, timing), timeout);
			}
			if (isTroubled) options.onTrouble('lease recovered', {});
			isTroubled = false;
			return 'held';
		} catch (error) {
			// Somebody was quicker, which is what the resourceVersion is for.
			if (error instanceof ApiError && error.status === CONFLICT) return 'failed';
			if (!isTroubled) options.onTrouble('lease cannot be taken or renewed', { reason: (error as Error).message });
			isTroubled = true;
			return 'failed';
		}
	};

	while (!signal.aborted) {
		const startedMs = performance.now();
		if ((await acquire()) === 'held') {
			observed = undefined;
			// Won while we were told to end: nobody would tell the term, for the signal has passed.
			if (signal.aborted) await release();
			else await term(startedMs);
		}
		await pause(timing.retryMs * (1 + Math.random() / 5), signal);
	}

	/** `takenMs`: when we asked for it, for the answer may come long after it was stored, and others count from there. */
	async function term(takenMs: number): Promise<void> {
		const ended = new AbortController();
		let renewedMs = takenMs;
		const isOver = (): boolean => ended.signal.aborted || performance.now() - renewedMs > timing.renewMs;
		// A timer rather than the loop below: a renewal that hangs must not make the term longer.
		const watchdog = setInterval(() => {
			if (isOver()) ended.abort();
		}, timing.retryMs / 4);
		const stop = (): void => ended.abort();
		signal.addEventListener('abort', stop, { once: true });
		options.onChange(true);
		const assertLeading = (): void => {
			if (isOver()) throw new Error('not leading any more');
		};
		const work = options.lead({ signal: ended.signal, assertLeading }).catch((error: Error) => {
			options.onTrouble('term failed', { reason: error.message });
			ended.abort();
		});
		while (!ended.signal.aborted) {
			await pause(timing.retryMs, ended.signal);
			if (ended.signal.aborted) break;
			const startedMs = performance.now();
			const outcome = await acquire();
			if (outcome === 'held' && !isOver()) renewedMs = startedMs;
			else if (outcome === 'not ours') ended.abort();
		}
		clearInterval(watchdog);
		signal.removeEventListener('abort', stop);
		await work;
		options.onChange(false);
		if (signal.aborted) await release();
	}

	/** An empty holder lets the next one start at once. */
	async function release(): Promise<void> {
		try {
			const timeout = AbortSignal.timeout(timing.retryMs);
			const lease = await getFirst(options.connection, [`${path}/${options.name}`], timeout);
			const spec = isObject(lease?.['spec']) ? lease['spec'] : {};
			if (lease === undefined || spec['holderIdentity'] !== options.identity) return;
			const released = { ...lease, spec: { ...spec, holderIdentity: '', leaseDurationSeconds: 1 } };
			await options.connection.send('PUT', `${path}/${options.name}`, released, 'application/json', timeout);
		} catch (error) {
			options.onTrouble('lease cannot be given up; it ends by itself', { reason: (error as Error).message });
		}
	}
}

const CONFLICT = 409;

function write(
	{ connection, owner }: LeaderElectionOptions,
	method: Method,
	path: string,
	lease: Json,
	signal: AbortSignal,
): Promise<unknown> {
	const send = (metadata: unknown): Promise<unknown> =>
		connection.send(method, path, { ...lease, metadata }, 'application/json', signal);
	return owner === undefined ? send(lease['metadata']) : owner.write(lease['metadata'], send);
}

function recordOf(
	{ namespace, name, identity }: LeaderElectionOptions,
	lease: Json | undefined,
	timing: LeaseTiming,
): Json {
	const before = isObject(lease?.['spec']) ? lease['spec'] : {};
	const now = new Date().toISOString().replace('Z', '000Z');
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

/** One more than an int32 would be refused for ever. */
const transitionsOf = ({ leaseTransitions }: Json): number =>
	Number.isInteger(leaseTransitions) ? Math.max(0, leaseTransitions as number) : 0;

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
	sleep(ms, undefined, { signal }).catch(() => undefined);
