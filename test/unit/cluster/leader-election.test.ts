/** Tests leader election with a Lease in memory, which responds as an API server does, with 404, 409 and delays. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { ApiError, type Connection } from '../../../src/cluster/connect.ts';
import {
	type LeaderContext,
	type LeaderElectionOptions,
	runLeaderElection,
} from '../../../src/cluster/leader-election.ts';
import { later } from '../../harness/later.ts';
import { until } from '../../harness/until.ts';

const TIMING = { leaseMs: 800, renewMs: 500, retryMs: 100 };

function createLeaseStore() {
	let version = 0;
	const respond = async (): Promise<void> => {
		await sleep(store.delayMs);
		if (store.isBroken) throw new ApiError('500', 500);
	};
	const store = {
		lease: undefined as Json | undefined,
		delayMs: 0,
		isBroken: false,
		getsMs: [] as number[],
		get: async () => {
			store.getsMs.push(performance.now());
			await respond();
			if (store.lease === undefined) throw new ApiError('404', 404);
			return store.lease;
		},
		send: async (...[, , body]: Parameters<Connection['send']>) => {
			await respond();
			const { metadata, ...sent } = body as { metadata: Json };
			const stored = (store.lease?.['metadata'] ?? {}) as Json;
			if (metadata['resourceVersion'] !== stored['resourceVersion']) throw new ApiError('409', 409);
			version += 1;
			store.lease = { ...sent, metadata: { ...metadata, resourceVersion: String(version) } };
			return store.lease;
		},
	};
	return store;
}
type LeaseStore = ReturnType<typeof createLeaseStore>;

const specOf = ({ lease }: LeaseStore): Json => (lease?.['spec'] ?? {}) as Json;
const untilAborted = (signal: AbortSignal): Promise<void> =>
	new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

function candidate(store: LeaseStore, identity: string, options: Partial<LeaderElectionOptions> = {}) {
	const stopping = new AbortController();
	const warnings: string[] = [];
	const state = { terms: 0, isLeading: false, endedMs: 0, context: undefined as LeaderContext | undefined };
	const running = runLeaderElection(
		{
			connection: store,
			namespace: 'platform',
			name: 'lease',
			identity,
			lead: async (context) => {
				state.terms += 1;
				state.context = context;
				await untilAborted(context.signal);
			},
			onChange: (isLeading) => {
				state.isLeading = isLeading;
				if (!isLeading) state.endedMs = performance.now();
			},
			warn: (message) => void warnings.push(message),
			timing: TIMING,
			...options,
		},
		stopping.signal,
	);
	const stop = async (): Promise<void> => {
		stopping.abort();
		await running;
	};
	return { state, warnings, stop };
}

/** Returns a candidate that is the leader. */
async function leader(store: LeaseStore, options: Partial<LeaderElectionOptions> = {}) {
	const first = candidate(store, 'first', options);
	await until(() => first.state.isLeading);
	return first;
}

describe('leader election', () => {
	let store: LeaseStore;
	beforeEach(() => {
		store = createLeaseStore();
	});

	it('two replicas › one leads; it stops, and the other leads before the Lease would have expired', async () => {
		const first = await leader(store);
		const second = candidate(store, 'second');
		await sleep(1.25 * TIMING.leaseMs);
		expect(second.state.terms).to.equal(0);
		await first.stop();
		const stoppedMs = performance.now();
		await until(() => second.state.isLeading);
		expect(performance.now() - stoppedMs).to.be.lessThan(TIMING.leaseMs - 50);
		await second.stop();
	});

	it('the holder is gone › the Lease is taken over after its whole duration, by the local clock', async () => {
		const spec = { holderIdentity: 'gone', renewTime: '1999-01-01T00:00:00.000000Z' };
		store.lease = { metadata: { resourceVersion: '7' }, spec };
		const startedMs = performance.now();
		const next = await leader(store);
		expect(performance.now() - startedMs).to.be.at.least(TIMING.leaseMs);
		expect(specOf(store)['leaseTransitions']).to.equal(1);
		await next.stop();
	});

	it('a leader cannot renew › its term ends before the Lease expires; renewals succeed again › another term', async () => {
		const { state, warnings, stop } = await leader(store);
		store.isBroken = true;
		const brokenMs = performance.now();
		await until(() => !state.isLeading);
		expect(performance.now() - brokenMs).to.be.lessThan(TIMING.leaseMs);
		expect(state.context?.signal.aborted).to.equal(true);
		expect(() => state.context?.assertLeading()).to.throw('no longer the leader');
		store.isBroken = false;
		await until(() => state.isLeading);
		expect(state.terms).to.equal(2);
		expect(warnings).to.deep.equal(['Lease cannot be acquired or renewed', 'Lease acquired or renewed again']);
		await stop();
	});

	for (const lateResponse of [1, 2]) {
		it(`response ${lateResponse} is late, and later ones fail › the term is counted from the request`, async () => {
			const timing = { leaseMs: 1_200, renewMs: 800, retryMs: 100 };
			const lateMs = 600;
			let [sent, storedMs] = [0, 0];
			const send: Connection['send'] = async (...args) => {
				const stored = await store.send(...args);
				sent += 1;
				if (sent !== lateResponse) return stored;
				storedMs = performance.now();
				await sleep(lateMs);
				store.isBroken = true;
				return stored;
			};
			const { state, stop } = candidate(store, 'one', { connection: { get: store.get, send }, timing });
			await until(() => storedMs > 0 && state.endedMs > storedMs);
			expect(state.endedMs - storedMs).to.be.below(timing.renewMs + lateMs / 2);
			await stop();
		});
	}

	it('another client takes the Lease › the term ends at the next renewal, and the Lease stays with that client', async () => {
		const { state, stop } = await leader(store);
		store.lease = { ...store.lease, spec: { ...specOf(store), holderIdentity: 'thief' } };
		const takenMs = performance.now();
		await until(() => !state.isLeading);
		expect(performance.now() - takenMs).to.be.lessThan(3 * TIMING.retryMs);
		await stop();
		expect(specOf(store)['holderIdentity']).to.equal('thief');
	});

	it('stopped while it acquires the Lease › no term, and the Lease is released', async () => {
		store.delayMs = 50;
		const { state, stop } = candidate(store, 'first');
		await sleep(20);
		await stop();
		expect(state.terms).to.equal(0);
		expect(specOf(store)['holderIdentity'] ?? '').to.equal('');
	});

	it('the work fails › the term ends, and another begins', async () => {
		let terms = 0;
		const lead = async (): Promise<void> => {
			terms += 1;
			throw new Error('planted');
		};
		const { warnings, stop } = candidate(store, 'first', { lead });
		await until(() => terms >= 2);
		expect(warnings).to.include('term failed');
		await stop();
	});

	it('the work of a term takes longer than the term › not the leader at its end; the next term begins after the work', async () => {
		const steps: string[] = [];
		const finish = Promise.withResolvers<void>();
		const lead = async ({ signal }: LeaderContext): Promise<void> => {
			steps.push('begins');
			await untilAborted(signal);
			await finish.promise;
			steps.push('ends');
		};
		const { state, stop } = await leader(store, { lead });
		store.isBroken = true;
		await until(() => !state.isLeading);
		store.isBroken = false;
		await sleep(TIMING.leaseMs + 2 * TIMING.retryMs);
		finish.resolve();
		await until(() => steps.length === 3);
		await stop();
		expect(steps).to.deep.equal(['begins', 'ends', 'begins', 'ends']);
	});

	it('no timing is set › the Lease lasts 15 s, a term without renewal lasts 10 s, and the leader renews every 2 s', async () => {
		const { state, stop } = await leader(store, { timing: {} });
		expect(specOf(store)['leaseDurationSeconds']).to.equal(15);
		await later(9_900, async () => state.context?.assertLeading());
		await later(10_100, async () => expect(() => state.context?.assertLeading()).to.throw('no longer the leader'));
		await until(() => store.getsMs.length === 2);
		const [first = 0, second = 0] = store.getsMs;
		expect(second - first).to.be.within(1_900, 3_000);
		await stop();
	});
});
