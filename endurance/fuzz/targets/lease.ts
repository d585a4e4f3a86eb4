/** The Lease that somebody else wrote: who leads, and what is written into it. */
import { expect } from 'chai';
import { isObject, type Json } from '../../../src/api/types.ts';
import { runLeaderElection } from '../../../src/cluster/leader-election.ts';
import { jsonOf, type Target } from '../target.ts';

const US = 'us';
const TIMING = { leaseMs: 60_000, renewMs: 30_000, retryMs: 1 };
const spec = {
	holderIdentity: US,
	leaseDurationSeconds: 15,
	acquireTime: '2026-01-01T00:00:00.000000Z',
	leaseTransitions: 3,
};

export const lease: Target = {
	name: 'lease',
	reads: 'Leases',
	seeds: () => [
		JSON.stringify({ metadata: { name: 'l', resourceVersion: '1' }, spec }),
		JSON.stringify({ metadata: {}, spec: { ...spec, holderIdentity: 'them' } }),
		JSON.stringify({ metadata: { ownerReferences: [] }, spec: { holderIdentity: '' } }),
		'{}',
	],
	words: ['"holderIdentity":"us"', '"leaseTransitions":2147483647', '"spec":null'],
	check: async (text) => {
		const stored = jsonOf(text);
		if (!isObject(stored)) return;
		const told = new AbortController();
		const written: Json[] = [];
		let isLeading = false;
		const connection = {
			get: async () => {
				// Somebody else's is looked at once and left alone.
				if (!isFreeOf(stored)) told.abort();
				return stored;
			},
			send: async (_method: string, _path: string, body: object) => {
				written.push(JSON.parse(JSON.stringify(body)) as Json);
			},
		};
		const lead = async (): Promise<void> => {
			isLeading = true;
			told.abort();
		};
		const options = { connection, namespace: 'n', name: 'l', identity: US, lead, timing: TIMING };
		await runLeaderElection({ ...options, onChange: () => undefined, warn: unexpected }, told.signal);
		if (!isFreeOf(stored)) {
			expect([isLeading, written]).to.deep.equal([false, []]);
			return;
		}
		const [{ spec: taken } = {}] = written;
		expect(taken).to.include({ holderIdentity: US, leaseDurationSeconds: 60 });
		const { leaseTransitions } = taken as Json;
		expect(leaseTransitions, 'an int32').to.satisfy(
			(one: unknown) => Number.isInteger(one) && Math.abs(one as number) < 2 ** 31,
		);
	},
};

const isFreeOf = ({ spec: record }: Json): boolean =>
	!isObject(record) || !record['holderIdentity'] || record['holderIdentity'] === US;

const unexpected = (message: string, detail: Json): void => {
	throw new Error(`${message}: ${JSON.stringify(detail)}`);
};
