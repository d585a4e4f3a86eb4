/** The leader's passes over a Secret and registrations in memory: every step, whole walks, and what must never happen. */
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { DAY_MS, PREVIOUS_CA_MS, SETTLE_MS } from '../../src/certificates/lifetimes.ts';
import type { FoundWebhookConfiguration } from '../../src/certificates/rotator.ts';
import type { SecretData } from '../../src/certificates/secret-data.ts';
import { asCa, asTls, authority, leafOf, NOW_MS } from './scene.ts';
import { bundlesOf, expectServable, later, registration, settle, stageOf } from './stage.ts';

describe('certificates: passes of the leader', () => {
	let old: SecretData;
	before(async () => {
		const ca = await authority(1217);
		old = { ...asCa(ca), ...asTls(await leafOf(ca, 1)) };
	});

	it('from nothing: makes everything once, tells both registrations, and rests', async () => {
		const stage = stageOf();
		expect(await settle(stage)).to.deep.equal(['bootstrap', 'M', 'V']);
		expect(new Set(bundlesOf(stage))).to.deep.equal(new Set([stage.secret?.data['ca.crt']]));
		expect(await settle(stage)).to.deep.equal([]);
	});

	it('ten years: a certificate every 60 days, an authority every 40 months, and never one that is not trusted', async function () {
		// Node 22 reads certificates three times as slowly as Node 24 (17 s instead of 5): its OpenSSL is an older one.
		this.timeout(120_000);
		const stage = stageOf();
		await settle(stage);
		const made: Record<string, number> = {};
		while (stage.nowMs < NOW_MS + 3650 * DAY_MS) {
			for (const pauseMs of [60_000, 5 * DAY_MS - 60_000]) {
				const before = bundlesOf(stage);
				for (const one of await settle(stage)) made[one] = (made[one] ?? 0) + 1;
				expectServable(stage, before);
				expectServable(stage, bundlesOf(stage));
				later(stage, pauseMs);
			}
		}
		expect(made).to.include({ 'stage-next': 2, promote: 2, 'drop-previous': 2 }).and.not.to.have.property('bootstrap');
		expect(made['issue']).to.be.within(55, 61);
		// Twice for each new authority: beside the old one, and alone.
		expect(made).to.include({ M: 4, V: 4 });
	});

	it('a new authority: waits for both registrations, by a clock that nobody sets', async () => {
		const stage = stageOf(old);
		expect(await settle(stage)).to.deep.equal(['stage-next', 'M', 'V']);
		stage.nowMs += DAY_MS;
		expect(await settle(stage)).to.deep.equal([]);
		stage.elapsedMs += SETTLE_MS - 1;
		expect(await stage.pass()).to.equal('waiting');
		stage.elapsedMs += 1;
		expect(await settle(stage)).to.deep.equal(['promote']);
		later(stage, PREVIOUS_CA_MS - 1);
		expect(await settle(stage)).to.deep.equal([]);
		later(stage, 1_000);
		expect(await settle(stage)).to.deep.equal(['drop-previous', 'M', 'V']);
	});

	it('a caBundle that is emptied while it waits begins the wait anew', async () => {
		const stage = stageOf(old);
		await settle(stage);
		stage.elapsedMs += SETTLE_MS - 1;
		stage.registrations = [...stage.registrations.slice(0, 1), registration('V', '')];
		expect(await settle(stage)).to.deep.equal(['V']);
		stage.elapsedMs += SETTLE_MS - 1;
		expect(await settle(stage)).to.deep.equal([]);
		stage.elapsedMs += 1;
		expect(await settle(stage)).to.deep.equal(['promote']);
	});

	it('another leader in the middle of it waits, and goes on', async () => {
		const before = stageOf(old);
		await settle(before);
		const stage = stageOf(before.secret?.data, before.registrations);
		expect(await settle(stage)).to.deep.equal([]);
		later(stage, SETTLE_MS);
		expect(await settle(stage)).to.deep.equal(['promote']);
	});

	it('a write that fails is done by the next pass', async () => {
		for (const failing of ['secret', 'caBundle'] as const) {
			const stage = stageOf();
			stage.failing = failing;
			const error: unknown = await stage.pass().catch((thrown) => thrown);
			expect(error).to.be.instanceOf(Error);
			await settle(stage);
			expect(new Set(bundlesOf(stage))).to.deep.equal(new Set([stage.secret?.data['ca.crt']]));
		}
	});

	it('who does not lead any more writes nothing', async () => {
		const ca = await authority(1);
		for (const secret of [undefined, old, { ...asCa(ca), ...asTls(await leafOf(ca, 1)) }]) {
			const stage = stageOf(secret);
			stage.isLeading = false;
			const error: unknown = await stage.pass().catch((thrown) => thrown);
			expect(error).to.have.property('message', 'not leading any more');
			expect(stage.secret?.data).to.equal(secret);
			expect(bundlesOf(stage)).to.deep.equal(['', '', '']);
		}
	});

	it("somebody's own Secret: nothing is written anywhere", async () => {
		const stage = stageOf();
		stage.secret = { object: {}, isOurs: false, data: old };
		const error: unknown = await stage.pass().catch((thrown) => thrown);
		expect(error).to.have.property('message').that.includes('not of our type');
		expect(bundlesOf(stage)).to.deep.equal(['', '', '']);
	});

	it("somebody else's webhooks are told of once, and again when they lead elsewhere", async () => {
		const theirs = (leadsTo: string): FoundWebhookConfiguration => ({
			...registration('M'),
			webhooks: [
				{ name: 'a', isOurs: false, leadsTo, caBundle: 'x' },
				{ name: 'b', isOurs: true, leadsTo: 'ours', caBundle: '' },
			],
		});
		const stage = stageOf(undefined, [theirs('Service a/b')]);
		await settle(stage);
		await settle(stage);
		expect(stage.foreign).to.deep.equal(['M a Service a/b']);
		expect(bundlesOf(stage)[0]).to.equal('x');
		expect(bundlesOf(stage)[1]).to.equal(stage.secret?.data['ca.crt']);
		stage.registrations = [theirs('Service c/d')];
		await settle(stage);
		expect(stage.foreign.slice(1)).to.deep.equal(['M a Service c/d']);
	});
});
