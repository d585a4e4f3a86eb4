/** A Secret and webhook configurations in memory, and the rotator of the leader. */
import { expect } from 'chai';
import { executeStep } from '../../../src/certificates/execute-step.ts';
import { createRotator, type FoundSecret, type FoundWebhookConfiguration } from '../../../src/certificates/rotator.ts';
import {
	type KeyPair,
	type SecretData,
	trustBundle,
	verifyServingCertificate,
} from '../../../src/certificates/secret-data.ts';
import { HOSTS, NOW_MS } from '../../harness/certificates.ts';

export interface Harness {
	secret: FoundSecret | undefined;
	registrations: FoundWebhookConfiguration[];
	nowMs: number;
	elapsedMs: number;
	isLeading: boolean;
	/** Rejects the next write of that kind, which is not done. */
	failing: 'secret' | 'caBundle' | undefined;
	served: KeyPair | undefined;
	readonly writes: string[];
	readonly foreign: string[];
	readonly pass: () => Promise<string>;
}

export const registration = (kind: string, ...bundles: string[]): FoundWebhookConfiguration => ({
	kind: kind as FoundWebhookConfiguration['kind'],
	resourceVersion: '1',
	webhooks: bundles.map((caBundle, index) => ({ name: `w${index}`, isManaged: true, leadsTo: 'ours', caBundle })),
});

export function createHarness(
	secret?: SecretData,
	registrations = [registration('M', '', ''), registration('V', '')],
): Harness {
	const stop = new AbortController();
	const harness: Harness = {
		secret: secret === undefined ? undefined : { object: {}, isManaged: true, data: secret },
		registrations,
		nowMs: NOW_MS,
		elapsedMs: 1_000_000,
		isLeading: true,
		failing: undefined,
		served: undefined,
		writes: [],
		foreign: [],
		pass: () => rotator.sync(stop.signal),
	};
	const fail = (what: Harness['failing']): void => {
		if (harness.failing !== what) return;
		harness.failing = undefined;
		throw new Error('somebody else wrote');
	};
	const rotator = createRotator({
		getSecret: async () => harness.secret,
		writeSecret: async (_found, data) => {
			fail('secret');
			harness.secret = { object: {}, isManaged: true, data };
		},
		getWebhookConfigurations: async () => harness.registrations,
		writeCaBundle: async (written, bundle) => {
			fail('caBundle');
			harness.registrations = harness.registrations.map((one) => ({
				...one,
				webhooks: one.webhooks.map((webhook) =>
					one.kind === written.kind && webhook.isManaged ? { ...webhook, caBundle: bundle } : webhook,
				),
			}));
		},
		executeStep: (step, nowMs) => executeStep(step, HOSTS, nowMs),
		assertLeading: () => {
			if (!harness.isLeading) throw new Error('not leading any more');
		},
		served: () => harness.served,
		hosts: HOSTS,
		nowMs: () => harness.nowMs,
		elapsedMs: () => harness.elapsedMs,
		onStep: ({ name }) => harness.writes.push(name),
		onCaBundle: ({ kind }) => harness.writes.push(kind),
		onForeign: (one, webhook) => harness.foreign.push(`${one.kind} ${webhook.name} ${webhook.leadsTo}`),
	});
	return harness;
}

/** Passes until one finds nothing to do for now. */
export async function settle(harness: Harness): Promise<string[]> {
	harness.writes.length = 0;
	for (let passes = 0; passes < 10; passes += 1) if ((await harness.pass()) !== 'changed') return [...harness.writes];
	throw new Error(`it never rests: ${harness.writes}`);
}
export const later = (harness: Harness, ms: number): void => {
	harness.nowMs += ms;
	harness.elapsedMs += ms;
};
export const bundlesOf = (harness: Harness): string[] =>
	harness.registrations.flatMap(({ webhooks }) => webhooks.map(({ caBundle }) => caBundle));
/** An API server that knows `bundles`, perhaps from before, accepts what the Secret would have replicas serve now. */
export function expectServable({ secret, nowMs }: Harness, bundles: readonly string[]): void {
	for (const bundle of bundles) {
		const serving = verifyServingCertificate(
			{ cert: secret?.data['tls.crt'], key: secret?.data['tls.key'] },
			trustBundle({ 'ca.crt': bundle }, nowMs),
			HOSTS,
			nowMs,
		);
		expect(serving).to.be.an('object');
	}
}
