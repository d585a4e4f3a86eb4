import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { afterEach, before, describe, it } from 'mocha';
import type { KeyPair, SecretData } from '../../../src/certificates/secret-data.ts';
import { watchSecret } from '../../../src/certificates/watch-secret.ts';
import { asCa, asPrevious, asTls, authority, HOSTS, NOW_MS, otherKey, servingFor } from '../../harness/certificates.ts';
import { until } from '../../harness/until.ts';

const TIMING = { firstMs: 5, pollMs: 5 };

describe('certificates: watchSecret', () => {
	let ca: KeyPair;
	let other: KeyPair;
	let first: KeyPair;
	let second: KeyPair;
	before(async () => {
		ca = await authority(100);
		other = await authority(1);
		first = await servingFor(ca, 10);
		second = await servingFor(ca, 1);
	});
	let stop = (): void => {};
	afterEach(() => stop());

	function watch(start: SecretData | Error | undefined) {
		const seen = { now: start, reads: 0, certs: [] as string[], troubles: [] as string[] };
		const watching = watchSecret({
			getData: async () => {
				seen.reads += 1;
				if (seen.now instanceof Error) throw seen.now;
				return seen.now;
			},
			hosts: HOSTS,
			nowMs: () => NOW_MS,
			onChange: ({ pair }) => seen.certs.push(pair.cert),
			onTrouble: (reason) => seen.troubles.push(reason),
			timing: TIMING,
		});
		stop = watching.stop;
		const polled = (): Promise<void> => {
			const { reads } = seen;
			return until(() => seen.reads > reads + 2);
		};
		return { seen, polled };
	}

	it('no Secret › no error; once there is one, it is served', async () => {
		const { seen, polled } = watch(undefined);
		await polled();
		expect(seen).to.deep.include({ certs: [], troubles: [] });
		seen.now = { ...asCa(ca), ...asTls(first) };
		await polled();
		expect(seen).to.deep.include({ certs: [first.cert], troubles: [] });
	});

	it('a new certificate of a previous CA › onChange once', async () => {
		const { seen, polled } = watch({ ...asCa(ca), ...asTls(first) });
		await polled();
		seen.now = { ...asCa(other), ...asPrevious(ca), ...asTls(second) };
		await polled();
		expect(seen).to.deep.include({ certs: [first.cert, second.cert], troubles: [] });
	});

	for (const [what, spoil, reason] of [
		['half of a pair', (): SecretData => ({ 'tls.crt': second.cert }), 'half of the pair is missing'],
		[
			'the key of another',
			(): SecretData => ({ ...asTls(second), 'tls.key': otherKey() }),
			'certificate and key do not belong together',
		],
		[
			'a key in no form',
			(): SecretData => ({ ...asTls(second), 'tls.key': 'hello' }),
			'certificate and key do not belong together',
		],
	] as const) {
		it(`${what} › the last certificate stays, one error`, async () => {
			const { seen, polled } = watch({ ...asCa(ca), ...asTls(first) });
			await polled();
			seen.now = { ...asCa(ca), ...spoil() };
			await polled();
			await polled();
			expect(seen).to.deep.include({ certs: [first.cert], troubles: [reason] });
			seen.now = { ...asCa(ca), ...asTls(second) };
			await polled();
			expect(seen.certs).to.deep.equal([first.cert, second.cert]);
		});
	}

	it('expired, or of a CA that is not in the Secret › not served', async () => {
		const { seen, polled } = watch({ ...asCa(ca), ...asTls(await servingFor(ca, 91)) });
		await polled();
		seen.now = { ...asCa(other), ...asTls(first) };
		await polled();
		expect(seen.certs).to.deep.equal([]);
		expect(seen.troubles).to.deep.equal(['the certificate has ended', 'the certificate is of another authority']);
	});

	it('the API server does not answer › the last certificate stays; then the next is served', async () => {
		const { seen, polled } = watch({ ...asCa(ca), ...asTls(first) });
		await polled();
		seen.now = new Error('connect ECONNREFUSED');
		await polled();
		seen.now = undefined;
		await polled();
		seen.now = { ...asCa(ca), ...asTls(second) };
		await polled();
		expect(seen).to.deep.include({ certs: [first.cert, second.cert], troubles: ['connect ECONNREFUSED'] });
	});

	it('stop › no more reads', async () => {
		const { seen, polled } = watch(undefined);
		await polled();
		stop();
		const { reads } = seen;
		await sleep(50);
		expect(seen.reads).to.be.at.most(reads + 1);
	});
});
