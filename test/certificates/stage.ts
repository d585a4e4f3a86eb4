/** A Secret and registrations in memory, and the leader's passes over them. */
import { expect } from 'chai';
import { carryOut } from '../../src/certificates/carry-out.ts';
import { type Data, judgeLeaf, type KeyPair, pairIn, trustedBy } from '../../src/certificates/held.ts';
import { createKeeper, type FoundRegistration, type FoundSecret } from '../../src/certificates/keep.ts';
import { HOSTS, NOW_MS } from './scene.ts';

export interface Stage {
	secret: FoundSecret | undefined;
	registrations: FoundRegistration[];
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

export const registration = (kind: string, ...bundles: string[]): FoundRegistration => ({
	kind: kind as FoundRegistration['kind'],
	resourceVersion: '1',
	webhooks: bundles.map((caBundle, index) => ({ name: `w${index}`, isOurs: true, leadsTo: 'ours', caBundle })),
});

export function stageOf(secret?: Data, registrations = [registration('M', '', ''), registration('V', '')]): Stage {
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
		pass: () => keeper.pass(stop.signal),
	};
	const fail = (what: Stage['failing']): void => {
		if (stage.failing !== what) return;
		stage.failing = undefined;
		throw new Error('somebody else wrote');
	};
	const keeper = createKeeper({
		getSecret: async () => stage.secret,
		writeSecret: async (_found, data) => {
			fail('secret');
			stage.secret = { object: {}, isOurs: true, data };
		},
		getRegistrations: async () => stage.registrations,
		writeCaBundle: async (written, bundle) => {
			fail('caBundle');
			stage.registrations = stage.registrations.map((one) => ({
				...one,
				webhooks: one.webhooks.map((webhook) =>
					one.kind === written.kind && webhook.isOurs ? { ...webhook, caBundle: bundle } : webhook,
				),
			}));
		},
		carryOut: (step, nowMs) => carryOut(step, HOSTS, nowMs),
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
		const leaf = judgeLeaf(pairIn(secret?.data ?? {}), trustedBy({ 'ca.crt': bundle }, nowMs), HOSTS, nowMs);
		expect(leaf).to.be.an('object');
	}
}
