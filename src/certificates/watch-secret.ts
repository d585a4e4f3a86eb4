/** What every replica does: looks at the Secret now and then, and takes a new pair as soon as there is one. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
	pairIn,
	type SecretData,
	type ServingCertificate,
	trustBundle,
	verifyServingCertificate,
} from './secret-data.ts';

export interface FollowOptions {
	/** The texts of the Secret, undefined where there is none. */
	readonly getData: (signal: AbortSignal) => Promise<SecretData | undefined>;
	readonly hosts: readonly string[];
	readonly nowMs: () => number;
	/** A pair to serve, other than the last one. */
	readonly onChange: (leaf: ServingCertificate) => void;
	/** It cannot be used, or cannot be read; the last one stays. Told once per reason. */
	readonly onTrouble: (reason: string) => void;
	readonly timing?: { readonly firstMs: number; readonly pollMs: number };
}

/** Often until there is one, because nothing can be answered before. */
const TIMING = { firstMs: 1_000, pollMs: 10_000 };
const CALL_MS = 10_000;

export function followSecret(options: FollowOptions): {
	readonly look: () => Promise<void>;
	readonly stop: () => void;
} {
	const { firstMs, pollMs } = options.timing ?? TIMING;
	const stopped = new AbortController();
	let current: string | undefined;
	let lastTrouble: string | undefined;
	let looking = Promise.resolve();

	const tell = (trouble: string | undefined): void => {
		if (trouble !== undefined && trouble !== lastTrouble) options.onTrouble(trouble);
		lastTrouble = trouble;
	};

	async function lookOnce(): Promise<void> {
		try {
			const data = await options.getData(AbortSignal.any([stopped.signal, AbortSignal.timeout(CALL_MS)]));
			if (stopped.signal.aborted) return;
			// Nobody made one yet: that is what readiness tells.
			if (data === undefined) return tell(undefined);
			const nowMs = options.nowMs();
			const leaf = verifyServingCertificate(pairIn(data), trustBundle(data, nowMs), options.hosts, nowMs);
			if (typeof leaf === 'string') return tell(leaf);
			const { cert, key } = leaf.pair;
			if (current !== cert + key) options.onChange(leaf);
			current = cert + key;
			tell(undefined);
		} catch (error) {
			if (!stopped.signal.aborted) tell((error as Error).message);
		}
	}

	/** One after the other, or the answer to an older question could win. */
	const look = (): Promise<void> => {
		looking = looking.then(lookOnce);
		return looking;
	};

	void (async () => {
		while (!stopped.signal.aborted) {
			await look();
			await sleep(current === undefined ? firstMs : pollMs, undefined, { signal: stopped.signal, ref: false }).catch(
				() => undefined,
			);
		}
	})();
	return { look, stop: () => stopped.abort() };
}
