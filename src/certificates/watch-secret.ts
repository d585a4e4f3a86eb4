/** Polls the Secret in every replica and serves a new certificate as soon as there is one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type SecretData, type ServingCertificate, servingCertificateIn } from './secret-data.ts';

export interface WatchSecretOptions {
	/** Returns the data of the Secret, or undefined if there is none. */
	readonly getData: (signal: AbortSignal) => Promise<SecretData | undefined>;
	readonly hosts: readonly string[];
	readonly nowMs: () => number;
	/** Called with each new certificate and key. */
	readonly onChange: (serving: ServingCertificate) => void;
	/**
	 * Called once per reason if the Secret cannot be read or is not usable. The replica keeps serving the last
	 * certificate.
	 */
	readonly onTrouble: (reason: string) => void;
	readonly timing?: { readonly firstMs: number; readonly pollMs: number };
}

/**
 * Polls every `firstMs` until there is a certificate, because the webhooks are not ready without one, and then every
 * `pollMs`.
 */
const TIMING = { firstMs: 1_000, pollMs: 10_000 };
const CALL_MS = 10_000;

export function watchSecret(options: WatchSecretOptions) {
	const { firstMs, pollMs } = options.timing ?? TIMING;
	const stopped = new AbortController();
	let current: string | undefined;
	let lastTrouble: string | undefined;
	let reading = Promise.resolve();

	const report = (trouble: string | undefined): void => {
		if (trouble !== undefined && trouble !== lastTrouble) options.onTrouble(trouble);
		lastTrouble = trouble;
	};

	async function read(): Promise<void> {
		try {
			const data = await options.getData(AbortSignal.any([stopped.signal, AbortSignal.timeout(CALL_MS)]));
			if (stopped.signal.aborted) return;
			// The readiness probe already reports that there is no Secret yet.
			if (data === undefined) return report(undefined);
			const serving = servingCertificateIn(data, options.hosts, options.nowMs());
			if (typeof serving === 'string') return report(serving);
			const { cert, key } = serving.pair;
			if (current !== cert + key) options.onChange(serving);
			current = cert + key;
			report(undefined);
		} catch (error) {
			if (!stopped.signal.aborted) report((error as Error).message);
		}
	}

	/** Reads one at a time, so that an older response never replaces a newer one. */
	const refresh = (): Promise<void> => {
		reading = reading.then(read);
		return reading;
	};

	void (async () => {
		while (!stopped.signal.aborted) {
			await refresh();
			const pauseMs = current === undefined ? firstMs : pollMs;
			await sleep(pauseMs, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined);
		}
	})();
	return { refresh, stop: () => stopped.abort() };
}
