/**
 * What the leader does about certificates, pass by pass: reads the Secret and the registrations, takes the next step of the plan,
 * and brings every caBundle of ours up to what the Secret says.
 */

import type { Json } from '../api/types.ts';
import type { WebhookConfigurationKind } from '../api/webhook-configurations.ts';
import { planOf, type Step } from './plan.ts';
import { bundleOf, isSameBundle, type KeyPair, type SecretData, trustBundle } from './secret-data.ts';

export interface FoundSecret {
	readonly object: Json;
	/** False: of another type than ours, so somebody brought it. */
	readonly isOurs: boolean;
	readonly data: SecretData;
}

export interface FoundWebhook {
	readonly name: string;
	readonly isOurs: boolean;
	/** A Service or URL, for people. */
	readonly leadsTo: string;
	/** PEM, empty where there is none. */
	readonly caBundle: string;
}

export interface FoundWebhookConfiguration {
	readonly kind: WebhookConfigurationKind;
	readonly resourceVersion: unknown;
	readonly webhooks: readonly FoundWebhook[];
}

/** The Secret and the webhook configurations. A write carries the resourceVersion that was read, and rejects if the object has changed since. */
export interface CertificateObjects {
	readonly getSecret: (signal: AbortSignal) => Promise<FoundSecret | undefined>;
	/** Creates it if `found` is undefined. */
	readonly writeSecret: (found: FoundSecret | undefined, data: SecretData, signal: AbortSignal) => Promise<void>;
	/** Those that exist. */
	readonly getRegistrations: (signal: AbortSignal) => Promise<readonly FoundWebhookConfiguration[]>;
	/** Into each webhook of ours. */
	readonly writeCaBundle: (
		registration: FoundWebhookConfiguration,
		bundle: string,
		signal: AbortSignal,
	) => Promise<void>;
}

export interface CertificateClient extends CertificateObjects {
	readonly executeStep: (step: Step, nowMs: number) => Promise<SecretData>;
	/** Throws when another replica may lead already. */
	readonly assertLeading: () => void;
	/** What this replica serves. */
	readonly served: () => KeyPair | undefined;
	readonly hosts: readonly string[];
	/** Wall clock, which certificates go by. */
	readonly nowMs: () => number;
	/** A clock that nobody sets, for waiting. */
	readonly elapsedMs: () => number;
	readonly onStep: (step: Step) => void;
	readonly onCaBundle: (registration: FoundWebhookConfiguration) => void;
	/** Told once for each that leads elsewhere, and again when that changes. */
	readonly onForeign: (registration: FoundWebhookConfiguration, webhook: FoundWebhook) => void;
}

/** Somebody else's Secret stands in the way. */
export class ForeignSecret extends Error {}

/** What a pass found: `waiting` for time to pass, in the middle of a change; `changed` something; or `settled`. */
export type Outcome = 'changed' | 'waiting' | 'settled';

export function createRotator(world: CertificateClient): { readonly pass: (signal: AbortSignal) => Promise<Outcome> } {
	let trusted: { readonly bundle: string; readonly sinceMs: number } | undefined;
	let toldForeign: ReadonlySet<string> = new Set();

	function tellForeign(registrations: readonly FoundWebhookConfiguration[]): void {
		const told = new Set<string>();
		for (const registration of registrations) {
			for (const webhook of registration.webhooks.filter(({ isOurs }) => !isOurs)) {
				const key = `${registration.kind} ${webhook.name} ${webhook.leadsTo}`;
				if (!toldForeign.has(key)) world.onForeign(registration, webhook);
				told.add(key);
			}
		}
		toldForeign = told;
	}

	/** For how long every caBundle has been `bundle`, as far as we saw. */
	function trustedForMs(bundle: string, caBundles: readonly string[]): number {
		if (!caBundles.every((one) => isSameBundle(one, bundle))) trusted = undefined;
		else if (trusted === undefined || !isSameBundle(trusted.bundle, bundle))
			trusted = { bundle, sinceMs: world.elapsedMs() };
		return trusted === undefined ? 0 : world.elapsedMs() - trusted.sinceMs;
	}

	async function pass(signal: AbortSignal): Promise<Outcome> {
		const { hosts } = world;
		const secret = await world.getSecret(signal);
		if (secret?.isOurs === false) throw new ForeignSecret('the Secret is not of our type, so it is left alone');
		const registrations = await world.getRegistrations(signal);
		tellForeign(registrations);
		const caBundles = registrations.flatMap(({ webhooks }) => ours(webhooks).map(({ caBundle }) => caBundle));
		const nowMs = world.nowMs();
		const held = secret?.data;
		const trustedMs = trustedForMs(bundleOf(trustBundle(held ?? {}, nowMs)), caBundles);
		const step = planOf({ held, caBundles, trustedForMs: trustedMs, served: world.served(), hosts, nowMs });
		let data = held ?? {};
		if (step !== undefined) {
			data = await world.executeStep(step, nowMs);
			world.assertLeading();
			await world.writeSecret(secret, data, signal);
			world.onStep(step);
		}
		const bundle = bundleOf(trustBundle(data, nowMs));
		const stale = registrations.filter(({ webhooks }) =>
			ours(webhooks).some(({ caBundle }) => !isSameBundle(caBundle, bundle)),
		);
		for (const registration of stale) {
			world.assertLeading();
			await world.writeCaBundle(registration, bundle, signal);
			world.onCaBundle(registration);
		}
		if (step !== undefined || stale.length > 0) return 'changed';
		return data['next-ca.crt'] === undefined ? 'settled' : 'waiting';
	}

	return { pass };
}

const ours = (webhooks: readonly FoundWebhook[]): FoundWebhook[] => webhooks.filter(({ isOurs }) => isOurs);
