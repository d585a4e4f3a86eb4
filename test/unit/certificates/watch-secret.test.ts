import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { SecretData } from '../../../src/certificates/secret-data.ts';
import { watchSecret } from '../../../src/certificates/watch-secret.ts';
import { asCa, asPrevious, asTls, HOSTS, NOW_MS, newCa, otherKey, servingFor } from '../../harness/certificates.ts';
import { until } from '../../harness/until.ts';

const HALF = 'tls.crt or tls.key is missing';
const ENDED = 'the certificate has expired';
const UNKNOWN = 'another CA issued the certificate';
const MISMATCH = 'certificate and key do not match';

const ca = await newCa(100);
const other = await newCa(1);
const [first, second, ended] = [await servingFor(ca, 10), await servingFor(ca, 1), await servingFor(ca, 91)];
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
	const withKey = (key: string): SecretData => ({ ...withSecond, 'tls.key': key });
	const half = { ...asCa(ca), 'tls.crt': second.cert };
	const renewed = { ...asCa(other), ...asPrevious(ca), ...asTls(second) };
	const expired = { ...asCa(ca), ...asTls(ended) };
	const unknown = { ...asCa(other), ...asTls(first) };
	const both = [first.cert, second.cert];
	for (const [title, states, certs, errors] of [
		['no Secret, then one', [undefined, withFirst], [first.cert], []],
		['a new certificate of a previous CA', [withFirst, renewed], both, []],
		['half of a pair', [withFirst, half, withSecond], both, [HALF]],
		['the key of another certificate', [withFirst, withKey(otherKey()), withSecond], both, [MISMATCH]],
		['a key that is not PEM', [withFirst, withKey('hello'), withSecond], both, [MISMATCH]],
		['an expired certificate, then an unknown CA', [expired, unknown], [], [ENDED, UNKNOWN]],
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
