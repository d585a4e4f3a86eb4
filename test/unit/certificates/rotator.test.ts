/** The rotator over a Secret and webhook configurations in memory: every step, and complete rotations. */
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { DAY_MS, PREVIOUS_CA_MS, SETTLE_MS } from '../../../src/certificates/lifetimes.ts';
import type { FoundWebhookConfiguration } from '../../../src/certificates/rotator.ts';
import type { SecretData } from '../../../src/certificates/secret-data.ts';
import { asCa, asTls, authority, NOW_MS, servingFor } from '../../harness/certificates.ts';
import { bundlesOf, createHarness, expectServable, later, registration, settle } from './harness.ts';

describe('certificates: rotator', () => {
	let old: SecretData;
	before(async () => {
		const ca = await authority(1217);
		old = { ...asCa(ca), ...asTls(await servingFor(ca, 1)) };
	});

	it('no Secret › bootstrap, both caBundles, then no more writes', async () => {
		const harness = createHarness();
		expect(await settle(harness)).to.deep.equal(['bootstrap', 'M', 'V']);
		expect(new Set(bundlesOf(harness))).to.deep.equal(new Set([harness.secret?.data['ca.crt']]));
		expect(await settle(harness)).to.deep.equal([]);
	});

	it('ten years › a certificate every 60 days, a CA every 40 months, always trusted', async function () {
		// Node 22 reads certificates three times as slowly as Node 24 (17 s instead of 5): its OpenSSL is an older one.
		this.timeout(120_000);
		const harness = createHarness();
		await settle(harness);
		const made: Record<string, number> = {};
		while (harness.nowMs < NOW_MS + 3650 * DAY_MS) {
			for (const pauseMs of [60_000, 5 * DAY_MS - 60_000]) {
				const before = bundlesOf(harness);
				for (const one of await settle(harness)) made[one] = (made[one] ?? 0) + 1;
				expectServable(harness, before);
				expectServable(harness, bundlesOf(harness));
				later(harness, pauseMs);
			}
		}
		expect(made).to.include({ 'stage-next': 2, promote: 2, 'drop-previous': 2 }).and.not.to.have.property('bootstrap');
		expect(made['issue']).to.be.within(55, 61);
		// Twice for each new authority: beside the old one, and alone.
		expect(made).to.include({ M: 4, V: 4 });
	});

	it('a next CA › waits for both caBundles, by the monotonic clock', async () => {
		const harness = createHarness(old);
		expect(await settle(harness)).to.deep.equal(['stage-next', 'M', 'V']);
		harness.nowMs += DAY_MS;
		expect(await settle(harness)).to.deep.equal([]);
		harness.elapsedMs += SETTLE_MS - 1;
		expect(await harness.pass()).to.equal('waiting');
		harness.elapsedMs += 1;
		expect(await settle(harness)).to.deep.equal(['promote']);
		later(harness, PREVIOUS_CA_MS - 1);
		expect(await settle(harness)).to.deep.equal([]);
		later(harness, 1_000);
		expect(await settle(harness)).to.deep.equal(['drop-previous', 'M', 'V']);
	});

	it('a caBundle is emptied while it waits › the wait restarts', async () => {
		const harness = createHarness(old);
		await settle(harness);
		harness.elapsedMs += SETTLE_MS - 1;
		harness.registrations = [...harness.registrations.slice(0, 1), registration('V', '')];
		expect(await settle(harness)).to.deep.equal(['V']);
		harness.elapsedMs += SETTLE_MS - 1;
		expect(await settle(harness)).to.deep.equal([]);
		harness.elapsedMs += 1;
		expect(await settle(harness)).to.deep.equal(['promote']);
	});

	it('another leader during a rotation › waits again, then continues', async () => {
		const before = createHarness(old);
		await settle(before);
		const harness = createHarness(before.secret?.data, before.registrations);
		expect(await settle(harness)).to.deep.equal([]);
		later(harness, SETTLE_MS);
		expect(await settle(harness)).to.deep.equal(['promote']);
	});

	it('a write fails › the next sync writes it', async () => {
		for (const failing of ['secret', 'caBundle'] as const) {
			const harness = createHarness();
			harness.failing = failing;
			const error: unknown = await harness.pass().catch((thrown) => thrown);
			expect(error).to.be.instanceOf(Error);
			await settle(harness);
			expect(new Set(bundlesOf(harness))).to.deep.equal(new Set([harness.secret?.data['ca.crt']]));
		}
	});

	it('leadership is lost › no writes', async () => {
		const ca = await authority(1);
		for (const secret of [undefined, old, { ...asCa(ca), ...asTls(await servingFor(ca, 1)) }]) {
			const harness = createHarness(secret);
			harness.isLeading = false;
			const error: unknown = await harness.pass().catch((thrown) => thrown);
			expect(error).to.have.property('message', 'not leading any more');
			expect(harness.secret?.data).to.equal(secret);
			expect(bundlesOf(harness)).to.deep.equal(['', '', '']);
		}
	});

	it('a Secret of the user › no writes', async () => {
		const harness = createHarness();
		harness.secret = { object: {}, isManaged: false, data: old };
		const error: unknown = await harness.pass().catch((thrown) => thrown);
		expect(error).to.have.property('message').that.includes('not of our type');
		expect(bundlesOf(harness)).to.deep.equal(['', '', '']);
	});

	it('webhooks that call another Service › reported once, and again after a change', async () => {
		const theirs = (leadsTo: string): FoundWebhookConfiguration => ({
			...registration('M'),
			webhooks: [
				{ name: 'a', isManaged: false, leadsTo, caBundle: 'x' },
				{ name: 'b', isManaged: true, leadsTo: 'ours', caBundle: '' },
			],
		});
		const harness = createHarness(undefined, [theirs('Service a/b')]);
		await settle(harness);
		await settle(harness);
		expect(harness.foreign).to.deep.equal(['M a Service a/b']);
		expect(bundlesOf(harness)[0]).to.equal('x');
		expect(bundlesOf(harness)[1]).to.equal(harness.secret?.data['ca.crt']);
		harness.registrations = [theirs('Service c/d')];
		await settle(harness);
		expect(harness.foreign.slice(1)).to.deep.equal(['M a Service c/d']);
	});
});
