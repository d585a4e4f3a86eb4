/**
 * Runs the rotator with a Secret and webhook configurations in memory. The tests cover every step and complete
 * rotations.
 */
import { expect } from 'chai';
import { executeStep } from '../../../src/certificates/execute-step.ts';
import { DAY_MS, PREVIOUS_CA_MS, SETTLE_MS } from '../../../src/certificates/lifetimes.ts';
import {
	createRotator,
	type FoundSecret,
	type FoundWebhook,
	type FoundWebhookConfiguration,
} from '../../../src/certificates/rotator.ts';
import { type SecretData, servingCertificateIn } from '../../../src/certificates/secret-data.ts';
import { asCa, asTls, HOSTS, NOW_MS, newCa, servingFor } from '../../harness/certificates.ts';

const MANAGED = { name: 'b', isManaged: true, leadsTo: 'the Service', caBundle: '' };
const configuration = (kind: string, ...webhooks: readonly FoundWebhook[]): FoundWebhookConfiguration => ({
	kind: kind as FoundWebhookConfiguration['kind'],
	resourceVersion: '1',
	webhooks,
});

function createHarness(
	data?: SecretData,
	configurations = [configuration('M', MANAGED, MANAGED), configuration('V', MANAGED)],
) {
	const state = {
		secret: (data && { object: {}, isManaged: true, data }) as FoundSecret | undefined,
		configurations,
		nowMs: NOW_MS,
		elapsedMs: 1_000_000,
		isLeading: true,
		/** The kind of write that fails next. A failed write stores nothing. */
		failing: undefined as 'secret' | 'caBundle' | undefined,
		writes: [] as string[],
		foreign: [] as string[],
	};
	const fail = (kind: 'secret' | 'caBundle'): void => {
		if (state.failing !== kind) return;
		state.failing = undefined;
		throw new Error('another client wrote');
	};
	const rotator = createRotator({
		getSecret: async () => state.secret,
		writeSecret: async (_found, data) => {
			fail('secret');
			state.secret = { object: {}, isManaged: true, data };
		},
		getWebhookConfigurations: async () => state.configurations,
		writeCaBundle: async ({ kind }, caBundle) => {
			fail('caBundle');
			state.configurations = state.configurations.map((one) => ({
				...one,
				webhooks: one.webhooks.map((webhook) =>
					one.kind === kind && webhook.isManaged ? { ...webhook, caBundle } : webhook,
				),
			}));
		},
		executeStep: (step, nowMs) => executeStep(step, HOSTS, nowMs),
		assertLeading: () => {
			if (!state.isLeading) throw new Error('no longer the leader');
		},
		served: () => undefined,
		hosts: HOSTS,
		nowMs: () => state.nowMs,
		elapsedMs: () => state.elapsedMs,
		onStep: ({ name }) => state.writes.push(name),
		onCaBundle: ({ kind }) => state.writes.push(kind),
		onForeign: (one, { name, leadsTo }) => state.foreign.push(`${one.kind} ${name} ${leadsTo}`),
	});
	const sync = (): Promise<string> => rotator.sync(new AbortController().signal);
	const bundles = (): string[] => state.configurations.flatMap(({ webhooks }) => webhooks.map((one) => one.caBundle));
	return Object.assign(state, {
		bundles,
		/** Returns the outcome, or the message of the error. */
		sync: (): Promise<string> => sync().catch(({ message }: Error) => message),
		/** Syncs until nothing is left to do at the current time. Returns the writes. */
		settle: async (): Promise<string[]> => {
			state.writes.length = 0;
			for (let count = 0; count < 10; count += 1) if ((await sync()) !== 'changed') return [...state.writes];
			throw new Error(`never settles: ${state.writes}`);
		},
		later: (ms: number): void => {
			state.nowMs += ms;
			state.elapsedMs += ms;
		},
		expectOneCa: () => expect(new Set(bundles())).to.deep.equal(new Set([state.secret?.data['ca.crt']])),
	});
}

/** Expects that an API server with any of the caBundles accepts the certificate in the Secret. */
function expectServable({ secret, nowMs }: ReturnType<typeof createHarness>, bundles: readonly string[]): void {
	const { 'tls.crt': cert = '', 'tls.key': key = '' } = secret?.data ?? {};
	for (const bundle of bundles) {
		const data = { 'ca.crt': bundle, 'tls.crt': cert, 'tls.key': key };
		expect(servingCertificateIn(data, HOSTS, nowMs)).to.be.an('object');
	}
}

describe('certificates: rotator', () => {
	let old: SecretData;
	before(async () => {
		const ca = await newCa(1217);
		old = { ...asCa(ca), ...asTls(await servingFor(ca, 1)) };
	});

	it('no Secret › bootstrap, both caBundles, then no more writes', async () => {
		const harness = createHarness();
		expect(await harness.settle()).to.deep.equal(['bootstrap', 'M', 'V']);
		harness.expectOneCa();
		expect(await harness.settle()).to.deep.equal([]);
	});

	it('seven years › a certificate every 60 days, a CA every 40 months, always trusted', async function () {
		// Node 22 takes three times as long as Node 24 to parse certificates, because of its older OpenSSL.
		this.timeout(120_000);
		const harness = createHarness();
		await harness.settle();
		const made: Record<string, number> = {};
		while (harness.nowMs < NOW_MS + 7 * 365 * DAY_MS) {
			for (const pauseMs of [60_000, 10 * DAY_MS - 60_000]) {
				const before = harness.bundles();
				for (const one of await harness.settle()) made[one] = (made[one] ?? 0) + 1;
				expectServable(harness, [...before, ...harness.bundles()]);
				harness.later(pauseMs);
			}
		}
		expect(made).to.include({ 'stage-next': 2, promote: 2, 'drop-previous': 2 }).and.not.to.have.property('bootstrap');
		expect(made['issue']).to.be.within(35, 43);
		// Each new CA causes two writes: one with both CAs, and one with only the new CA.
		expect(made).to.include({ M: 4, V: 4 });
	});

	it('a next CA › waits for both caBundles, measured by the monotonic clock', async () => {
		const harness = createHarness(old);
		expect(await harness.settle()).to.deep.equal(['stage-next', 'M', 'V']);
		harness.nowMs += DAY_MS;
		expect(await harness.settle()).to.deep.equal([]);
		harness.elapsedMs += SETTLE_MS - 1;
		expect(await harness.sync()).to.equal('waiting');
		harness.elapsedMs += 1;
		expect(await harness.settle()).to.deep.equal(['promote']);
		harness.later(PREVIOUS_CA_MS - 1);
		expect(await harness.settle()).to.deep.equal([]);
		harness.later(1_000);
		expect(await harness.settle()).to.deep.equal(['drop-previous', 'M', 'V']);
	});

	it('a caBundle is emptied while it waits › the wait restarts', async () => {
		const harness = createHarness(old);
		await harness.settle();
		harness.elapsedMs += SETTLE_MS - 1;
		harness.configurations = [...harness.configurations.slice(0, 1), configuration('V', MANAGED)];
		expect(await harness.settle()).to.deep.equal(['V']);
		harness.elapsedMs += SETTLE_MS - 1;
		expect(await harness.settle()).to.deep.equal([]);
		harness.elapsedMs += 1;
		expect(await harness.settle()).to.deep.equal(['promote']);
	});

	it('another leader during a rotation › waits again, then continues', async () => {
		const before = createHarness(old);
		await before.settle();
		const harness = createHarness(before.secret?.data, before.configurations);
		expect(await harness.settle()).to.deep.equal([]);
		harness.later(SETTLE_MS);
		expect(await harness.settle()).to.deep.equal(['promote']);
	});

	for (const failing of ['secret', 'caBundle'] as const) {
		it(`a write fails › ${failing} › the next sync writes it`, async () => {
			const harness = Object.assign(createHarness(), { failing });
			expect(await harness.sync()).to.equal('another client wrote');
			await harness.settle();
			harness.expectOneCa();
		});
	}

	it('leadership is lost › no writes', async () => {
		const ca = await newCa(1);
		for (const data of [undefined, old, { ...asCa(ca), ...asTls(await servingFor(ca, 1)) }]) {
			const harness = createHarness(data);
			harness.isLeading = false;
			expect(await harness.sync()).to.equal('no longer the leader');
			expect(harness.secret?.data).to.equal(data);
			expect(harness.bundles()).to.deep.equal(['', '', '']);
		}
	});

	it('a Secret that the user provides › no writes', async () => {
		const harness = createHarness();
		harness.secret = { object: {}, isManaged: false, data: old };
		expect(await harness.sync()).to.include('does not have the type');
		expect(harness.bundles()).to.deep.equal(['', '', '']);
	});

	it('webhooks that call another Service › reported once, and again after a change', async () => {
		const withForeign = (leadsTo: string) =>
			configuration('M', { name: 'a', isManaged: false, leadsTo, caBundle: 'x' }, MANAGED);
		const harness = createHarness(undefined, [withForeign('Service a/b')]);
		for (const _ of [1, 2]) await harness.settle();
		expect(harness.foreign).to.deep.equal(['M a Service a/b']);
		expect(harness.bundles()).to.deep.equal(['x', harness.secret?.data['ca.crt']]);
		harness.configurations = [withForeign('Service c/d')];
		await harness.settle();
		expect(harness.foreign.slice(1)).to.deep.equal(['M a Service c/d']);
	});
});
