/** Keeps the Secret and every caBundle up to date; only the leader runs it. */
import type { Json } from '../api/types.ts';
import type { WebhookConfigurationKind } from '../api/webhook-configurations.ts';
import { planOf, type Step } from './plan.ts';
import { bundleOf, isSameBundle, type KeyPair, type SecretData, trustBundle } from './secret-data.ts';

export interface FoundSecret {
	readonly object: Json;
	/** False: it has another type, so the user supplies it. */
	readonly isManaged: boolean;
	readonly data: SecretData;
}

export interface FoundWebhook {
	readonly name: string;
	/** It calls the Service of the product, so the leader writes its caBundle. */
	readonly isManaged: boolean;
	/** The Service or URL that it calls, as text. */
	readonly leadsTo: string;
	/** PEM, empty if there is none. */
	readonly caBundle: string;
}

export interface FoundWebhookConfiguration {
	readonly kind: WebhookConfigurationKind;
	readonly resourceVersion: unknown;
	readonly webhooks: readonly FoundWebhook[];
}

/** A write contains the resourceVersion that was read, and rejects if the object has changed since. */
export interface CertificateObjects {
	readonly getSecret: (signal: AbortSignal) => Promise<FoundSecret | undefined>;
	/** Creates it if `found` is undefined. */
	readonly writeSecret: (found: FoundSecret | undefined, data: SecretData, signal: AbortSignal) => Promise<void>;
	/** Those that exist. */
	readonly getWebhookConfigurations: (signal: AbortSignal) => Promise<readonly FoundWebhookConfiguration[]>;
	/** Into each managed webhook. */
	readonly writeCaBundle: (
		configuration: FoundWebhookConfiguration,
		bundle: string,
		signal: AbortSignal,
	) => Promise<void>;
}

export interface CertificateClient extends CertificateObjects {
	readonly executeStep: (step: Step, nowMs: number) => Promise<SecretData>;
	/** Throws if another replica may be the leader. */
	readonly assertLeading: () => void;
	/** The pair that this replica serves. */
	readonly served: () => KeyPair | undefined;
	readonly hosts: readonly string[];
	/** Wall clock. */
	readonly nowMs: () => number;
	/** Monotonic clock. */
	readonly elapsedMs: () => number;
	readonly onStep: (step: Step) => void;
	readonly onCaBundle: (configuration: FoundWebhookConfiguration) => void;
	/** Called once for each webhook that calls another Service or a URL, and again when that changes. */
	readonly onForeign: (configuration: FoundWebhookConfiguration, webhook: FoundWebhook) => void;
}

/** `waiting`: a rotation continues after a while. */
export type SyncOutcome = 'changed' | 'waiting' | 'settled';

/** The data of the Secret; undefined if there is none. Throws if the user supplies it. */
export function managedData(secret: FoundSecret | undefined): SecretData | undefined {
	if (secret?.isManaged === false)
		throw new Error('the Secret has another type than the one that toolhive-scaling creates; it was not changed');
	return secret?.data;
}

export function createRotator(client: CertificateClient) {
	let trusted: { readonly bundle: string; readonly sinceMs: number } | undefined;
	let reported: ReadonlySet<string> = new Set();

	function reportForeign(configurations: readonly FoundWebhookConfiguration[]): void {
		const foreign = new Set<string>();
		for (const configuration of configurations) {
			for (const webhook of configuration.webhooks.filter(({ isManaged }) => !isManaged)) {
				const key = `${configuration.kind} ${webhook.name} ${webhook.leadsTo}`;
				if (!reported.has(key)) client.onForeign(configuration, webhook);
				foreign.add(key);
			}
		}
		reported = foreign;
	}

	/** For how long this leader has seen `bundle` in every caBundle. */
	function trustedForMs(bundle: string, caBundles: readonly string[]): number {
		const nowMs = client.elapsedMs();
		if (!caBundles.every((one) => isSameBundle(one, bundle))) trusted = undefined;
		else if (trusted === undefined || !isSameBundle(trusted.bundle, bundle)) trusted = { bundle, sinceMs: nowMs };
		return trusted === undefined ? 0 : nowMs - trusted.sinceMs;
	}

	/** Takes at most one step of the plan. */
	async function sync(signal: AbortSignal): Promise<SyncOutcome> {
		const { hosts } = client;
		const secret = await client.getSecret(signal);
		const stored = managedData(secret);
		const configurations = await client.getWebhookConfigurations(signal);
		reportForeign(configurations);
		const caBundles = configurations.flatMap(caBundlesOf);
		const nowMs = client.nowMs();
		const trustedMs = trustedForMs(bundleOf(trustBundle(stored ?? {}, nowMs)), caBundles);
		const step = planOf({
			data: stored,
			caBundles,
			trustedForMs: trustedMs,
			served: client.served(),
			hosts,
			nowMs,
		});
		let data = stored ?? {};
		if (step !== undefined) {
			data = await client.executeStep(step, nowMs);
			client.assertLeading();
			await client.writeSecret(secret, data, signal);
			client.onStep(step);
		}
		const bundle = bundleOf(trustBundle(data, nowMs));
		const stale = configurations.filter((one) => caBundlesOf(one).some((found) => !isSameBundle(found, bundle)));
		for (const configuration of stale) {
			client.assertLeading();
			await client.writeCaBundle(configuration, bundle, signal);
			client.onCaBundle(configuration);
		}
		if (step !== undefined || stale.length > 0) return 'changed';
		return data['next-ca.crt'] === undefined ? 'settled' : 'waiting';
	}

	return { sync };
}

const caBundlesOf = ({ webhooks }: FoundWebhookConfiguration): string[] =>
	webhooks.flatMap(({ isManaged, caBundle }) => (isManaged ? [caBundle] : []));
