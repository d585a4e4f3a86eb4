/** A Secret and registrations in memory, and the leader's passes over them. */
import { expect } from 'chai';
import { executeStep } from '../../src/certificates/execute-step.ts';
import { createRotator, type FoundSecret, type FoundWebhookConfiguration } from '../../src/certificates/rotator.ts';
import {
	type KeyPair,
	type SecretData,
	trustBundle,
	verifyServingCertificate,
} from '../../src/certificates/secret-data.ts';
import { HOSTS, NOW_MS } from './scene.ts';

export interface Stage {
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
	webhooks: bundles.map((caBundle, index) => ({ name: `w${index}`, isOurs: true, leadsTo: 'ours', caBundle })),
});

export function stageOf(
	secret?: SecretData,
	registrations = [registration('M', '', ''), registration('V', '')],
): Stage {
	const stop = new AbortController();
	const stage: Stage = {
		secret: secret === undefined ? undefined : { object: {}, isOurs: true, data: secret },
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
	const fail = (what: Stage['failing']): void => {
		if (stage.failing !== what) return;
		stage.failing = undefined;
		throw new Error('somebody else wrote');
	};
	const rotator = createRotator({
		getSecret: async () => stage.secret,
		writeSecret: async (_found, data) => {
			fail('secret');
			stage.secret = { object: {}, isOurs: true, data };
		},
		getWebhookConfigurations: async () => stage.registrations,
		writeCaBundle: async (written, bundle) => {
			fail('caBundle');
			stage.registrations = stage.registrations.map((one) => ({
				...one,
				webhooks: one.webhooks.map((webhook) =>
					one.kind === written.kind && webhook.isOurs ? { ...webhook, caBundle: bundle } : webhook,
				),
			}));
		},
		executeStep: (step, nowMs) => executeStep(step, HOSTS, nowMs),
		assertLeading: () => {
			if (!stage.isLeading) throw new Error('not leading any more');
		},
		served: () => stage.served,
		hosts: HOSTS,
		nowMs: () => stage.nowMs,
		elapsedMs: () => stage.elapsedMs,
		onStep: ({ name }) => stage.writes.push(name),
		onCaBundle: ({ kind }) => stage.writes.push(kind),
		onForeign: (one, webhook) => stage.foreign.push(`${one.kind} ${webhook.name} ${webhook.leadsTo}`),
	});
	return stage;
}

/** Passes until one finds nothing to do for now. */
export async function settle(stage: Stage): Promise<string[]> {
	stage.writes.length = 0;
	for (let passes = 0; passes < 10; passes += 1) if ((await stage.pass()) !== 'changed') return [...stage.writes];
	throw new Error(`it never rests: ${stage.writes}`);
}
export const later = (stage: Stage, ms: number): void => {
	stage.nowMs += ms;
	stage.elapsedMs += ms;
};
export const bundlesOf = (stage: Stage): string[] =>
	stage.registrations.flatMap(({ webhooks }) => webhooks.map(({ caBundle }) => caBundle));
/** An API server that knows `bundles`, perhaps from before, accepts what the Secret would have replicas serve now. */
export function expectServable({ secret, nowMs }: Stage, bundles: readonly string[]): void {
	for (const bundle of bundles) {
		const leaf = verifyServingCertificate(
			{ cert: secret?.data['tls.crt'], key: secret?.data['tls.key'] },
			trustBundle({ 'ca.crt': bundle }, nowMs),
			HOSTS,
			nowMs,
		);
		expect(leaf).to.be.an('object');
	}
}
