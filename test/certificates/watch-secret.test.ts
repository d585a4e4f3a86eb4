/** What a replica takes from the Secret, and what it leaves. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { afterEach, before, describe, it } from 'mocha';
import type { KeyPair, SecretData } from '../../src/certificates/secret-data.ts';
import { watchSecret } from '../../src/certificates/watch-secret.ts';
import { until } from '../http/until.ts';
import { asCa, asFormer, asTls, authority, HOSTS, leafOf, NOW_MS, otherKey } from './scene.ts';

const TIMING = { firstMs: 5, pollMs: 5 };

describe('certificates: a replica that follows the Secret', () => {
	let ca: KeyPair;
	let other: KeyPair;
	let first: KeyPair;
	let second: KeyPair;
	before(async () => {
		ca = await authority(100);
		other = await authority(1);
		first = await leafOf(ca, 10);
		second = await leafOf(ca, 1);
	});
	let stop = (): void => {};
	afterEach(() => stop());

	function following(start: SecretData | Error | undefined) {
		const seen = { now: start, looks: 0, certs: [] as string[], troubles: [] as string[] };
		const follow = watchSecret({
			getData: async () => {
				seen.looks += 1;
				if (seen.now instanceof Error) throw seen.now;
				return seen.now;
			},
			hosts: HOSTS,
			nowMs: () => NOW_MS,
			onChange: ({ pair }) => seen.certs.push(pair.cert),
			onTrouble: (reason) => seen.troubles.push(reason),
			timing: TIMING,
		});
		stop = follow.stop;
		const looked = (): Promise<void> => {
			const { looks } = seen;
			return until(() => seen.looks > looks + 2);
		};
		return { seen, looked };
	}

	it('waits in silence until there is one', async () => {
		const { seen, looked } = following(undefined);
		await looked();
		expect(seen).to.deep.include({ certs: [], troubles: [] });
		seen.now = { ...asCa(ca), ...asTls(first) };
		await looked();
		expect(seen).to.deep.include({ certs: [first.cert], troubles: [] });
	});

	it('takes each new one once, also one of a former authority', async () => {
		const { seen, looked } = following({ ...asCa(ca), ...asTls(first) });
		await looked();
		seen.now = { ...asCa(other), ...asFormer(ca), ...asTls(second) };
		await looked();
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
		it(`keeps the last one when it finds ${what}, and says so once`, async () => {
			const { seen, looked } = following({ ...asCa(ca), ...asTls(first) });
			await looked();
			seen.now = { ...asCa(ca), ...spoil() };
			await looked();
			await looked();
			expect(seen).to.deep.include({ certs: [first.cert], troubles: [reason] });
			seen.now = { ...asCa(ca), ...asTls(second) };
			await looked();
			expect(seen.certs).to.deep.equal([first.cert, second.cert]);
		});
	}

	it('does not take one that has ended, nor one of an authority that the Secret does not vouch for', async () => {
		const { seen, looked } = following({ ...asCa(ca), ...asTls(await leafOf(ca, 91)) });
		await looked();
		seen.now = { ...asCa(other), ...asTls(first) };
		await looked();
		expect(seen.certs).to.deep.equal([]);
		expect(seen.troubles).to.deep.equal(['the certificate has ended', 'the certificate is of another authority']);
	});

	it('keeps the last one while the API server is away, and goes on', async () => {
		const { seen, looked } = following({ ...asCa(ca), ...asTls(first) });
		await looked();
		seen.now = new Error('connect ECONNREFUSED');
		await looked();
		seen.now = undefined;
		await looked();
		seen.now = { ...asCa(ca), ...asTls(second) };
		await looked();
		expect(seen).to.deep.include({ certs: [first.cert, second.cert], troubles: ['connect ECONNREFUSED'] });
	});

	it('looks no more after stop', async () => {
		const { seen, looked } = following(undefined);
		await looked();
		stop();
		const { looks } = seen;
		await sleep(50);
		expect(seen.looks).to.be.at.most(looks + 1);
	});
});
