/** Every replica polls the Secret, and serves a new pair as soon as there is one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type SecretData, type ServingCertificate, servingCertificateIn } from './secret-data.ts';

export interface WatchSecretOptions {
	/** Undefined if there is no Secret. */
	readonly getData: (signal: AbortSignal) => Promise<SecretData | undefined>;
	readonly hosts: readonly string[];
	readonly nowMs: () => number;
	/** Called with each new pair. */
	readonly onChange: (serving: ServingCertificate) => void;
	/** The Secret cannot be read, or its pair cannot be used. Called once per reason; the last pair stays. */
	readonly onTrouble: (reason: string) => void;
	readonly timing?: { readonly firstMs: number; readonly pollMs: number };
}

/** `firstMs` until there is a pair, because the webhooks are not ready without one. */
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
			// The readiness probe reports that there is no Secret yet.
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

	/** One read at a time, so that an older answer never replaces a newer one. */
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
