import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { SecretData } from '../../../src/certificates/secret-data.ts';
import { watchSecret } from '../../../src/certificates/watch-secret.ts';
import { asCa, asPrevious, asTls, HOSTS, NOW_MS, newCa, otherKey, servingFor } from '../../harness/certificates.ts';
import { until } from '../../harness/until.ts';

const ca = await newCa(100);
const other = await newCa(1);
const [first, second] = [await servingFor(ca, 10), await servingFor(ca, 1)];
const withFirst = { ...asCa(ca), ...asTls(first) };
const withSecond = { ...asCa(ca), ...asTls(second) };

describe('certificates: watchSecret', () => {
	let stop: () => void;
	afterEach(() => stop());

	/** Lets the watch poll each state a few times, in this order. Resolves with the reports. */
	async function watch(...states: readonly (SecretData | Error | undefined)[]) {
		const seen = { certs: [] as string[], errors: [] as string[] };
		let reads = 0;
		let state = states[0];
		const watching = watchSecret({
			getData: async () => {
				reads += 1;
				if (state instanceof Error) throw state;
				return state;
			},
			hosts: HOSTS,
			nowMs: () => NOW_MS,
			onChange: ({ pair }) => seen.certs.push(pair.cert),
			onTrouble: (reason) => seen.errors.push(reason),
			timing: { firstMs: 5, pollMs: 5 },
		});
		stop = watching.stop;
		for (const next of states) {
			state = next;
			const before = reads;
			await until(() => reads > before + 2);
		}
		return { seen, reads: () => reads };
	}

	const refused = new Error('connect ECONNREFUSED');
	const mismatched = { ...withSecond, 'tls.key': otherKey() };
	const renewed = { ...asCa(other), ...asPrevious(ca), ...asTls(second) };
	const unknown = { ...asCa(other), ...asTls(first) };
	const both = [first.cert, second.cert];
	const [MISMATCH, UNKNOWN] = ['certificate and key do not match', 'another CA issued the certificate'];
	for (const [title, states, certs, errors] of [
		['no Secret, then one', [undefined, withFirst], [first.cert], []],
		['a new certificate of a previous CA', [withFirst, renewed], both, []],
		['an unusable one, then a usable one', [withFirst, mismatched, withSecond], both, [MISMATCH]],
		['another reason', [unknown, mismatched], [], [UNKNOWN, MISMATCH]],
		[
			'the same reason, after a usable one and after no Secret',
			[mismatched, withFirst, mismatched, undefined, mismatched],
			[first.cert],
			Array<string>(3).fill(MISMATCH),
		],
		['no API server for a while', [withFirst, refused, undefined, withSecond], both, [refused.message]],
	] as const) {
		it(`${title} › onChange for each usable certificate, and one error for each unusable one`, async () => {
			const { seen } = await watch(...states);
			expect(seen).to.deep.equal({ certs, errors });
		});
	}

	it('stop › no more reads', async () => {
		const { reads } = await watch(undefined);
		stop();
		const before = reads();
		await sleep(50);
		expect(reads()).to.be.at.most(before + 1);
	});
});
