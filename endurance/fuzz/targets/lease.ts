/** Reads a Lease that another client wrote, and checks whether the replica becomes the leader and what it writes. */
import { expect } from 'chai';
import { isObject, type Json } from '../../../src/api/types.ts';
import { runLeaderElection } from '../../../src/cluster/leader-election.ts';
import { jsonOf, type Target } from '../target.ts';

const US = 'us';
const TIMING = { leaseMs: 60_000, renewMs: 30_000, retryMs: 1 };
const acquireTime = '2026-01-01T00:00:00.000000Z';
const spec = { holderIdentity: US, leaseDurationSeconds: 15, acquireTime, leaseTransitions: 3 };

export const lease: Target = {
	name: 'lease',
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
		const ended = new AbortController();
		const written: Json[] = [];
		let isLeading = false;
		const connection = {
			get: async () => {
				// The replica reads another client's Lease once and does not change it.
				if (!isFree(stored)) ended.abort();
				return stored;
			},
			send: async (_method: string, _path: string, body: object) => {
				written.push(JSON.parse(JSON.stringify(body)) as Json);
			},
		};
		const lead = async (): Promise<void> => {
			isLeading = true;
			ended.abort();
		};
		const options = { connection, namespace: 'n', name: 'l', identity: US, lead, timing: TIMING };
		const warn = (message: string, detail: Json): void => {
			throw new Error(`${message}: ${JSON.stringify(detail)}`);
		};
		await runLeaderElection({ ...options, onChange: () => undefined, warn }, ended.signal);
		if (!isFree(stored)) {
			expect([isLeading, written]).to.deep.equal([false, []]);
			return;
		}
		const [{ spec: taken } = {}] = written;
		expect(taken).to.include({ holderIdentity: US, leaseDurationSeconds: 60 });
		const { leaseTransitions } = taken as { leaseTransitions: number };
		expect(Number.isInteger(leaseTransitions) && Math.abs(leaseTransitions) < 2 ** 31, 'an int32').to.equal(true);
	},
};

const isFree = ({ spec: record }: Json): boolean =>
	!isObject(record) || !record['holderIdentity'] || record['holderIdentity'] === US;
