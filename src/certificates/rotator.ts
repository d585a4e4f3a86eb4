/** Keeps the Secret and every caBundle up to date. Only the leader runs it. */
import type { Json } from '../api/types.ts';
import type { WebhookConfigurationKind } from '../api/webhook-configurations.ts';
import { planOf, type Step } from './plan.ts';
import { bundleOf, isSameBundle, type KeyPair, type SecretData, trustBundle } from './secret-data.ts';

export interface FoundSecret {
	readonly object: Json;
	/** False if the Secret has another type: then the user provides the certificate. */
	readonly isManaged: boolean;
	readonly data: SecretData;
}

export interface FoundWebhook {
	readonly name: string;
	/** Whether the webhook calls the Service of the product. The leader writes the caBundle only for such webhooks. */
	readonly isManaged: boolean;
	/** The Service or the URL that the webhook calls, as text. */
	readonly leadsTo: string;
	/** The caBundle in PEM, empty if it is not set. */
	readonly caBundle: string;
}

export interface FoundWebhookConfiguration {
	readonly kind: WebhookConfigurationKind;
	readonly resourceVersion: unknown;
	readonly webhooks: readonly FoundWebhook[];
}

/**
 * The objects that the rotator reads and writes. A write sends the resourceVersion that was read, and rejects if the
 * object has changed since.
 */
export interface CertificateObjects {
	readonly getSecret: (signal: AbortSignal) => Promise<FoundSecret | undefined>;
	/** Writes the Secret, or creates it if `found` is undefined. */
	readonly writeSecret: (found: FoundSecret | undefined, data: SecretData, signal: AbortSignal) => Promise<void>;
	/** Returns the webhook configurations that exist. */
	readonly getWebhookConfigurations: (signal: AbortSignal) => Promise<readonly FoundWebhookConfiguration[]>;
	/** Writes the caBundle of each managed webhook. */
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
	/** Returns the certificate and key that this replica serves. */
	readonly served: () => KeyPair | undefined;
	readonly hosts: readonly string[];
	/** The wall-clock time. */
	readonly nowMs: () => number;
	/** The time of a monotonic clock. */
	readonly elapsedMs: () => number;
	readonly onStep: (step: Step) => void;
	readonly onCaBundle: (configuration: FoundWebhookConfiguration) => void;
	/** Called once for each webhook that calls another Service or a URL, and again when that target changes. */
	readonly onForeign: (configuration: FoundWebhookConfiguration, webhook: FoundWebhook) => void;
}

/** `waiting` means that a rotation continues later. */
export type SyncOutcome = 'changed' | 'waiting' | 'settled';

/** Returns the data of the Secret, or undefined if there is none. Throws if the user provides the Secret. */
export function managedData(secret: FoundSecret | undefined): SecretData | undefined {
	if (secret?.isManaged === false)
		throw new Error('the Secret does not have the type that toolhive-scaling uses, so it was not changed');
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

	/** Returns for how long this leader has seen `bundle` in every caBundle. */
	function trustedForMs(bundle: string, caBundles: readonly string[]): number {
		const nowMs = client.elapsedMs();
		if (!caBundles.every((one) => isSameBundle(one, bundle))) trusted = undefined;
		else if (trusted === undefined || !isSameBundle(trusted.bundle, bundle)) trusted = { bundle, sinceMs: nowMs };
		return trusted === undefined ? 0 : nowMs - trusted.sinceMs;
	}

	/** Executes at most one step of the plan. */
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
