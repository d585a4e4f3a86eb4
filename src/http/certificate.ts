/** The serving certificate; on disk it is read once at start, and again when it changes. */
import { createHash, X509Certificate } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';

export interface Certificate {
	readonly cert: Buffer;
	readonly key: Buffer;
	/** Seconds since the epoch at which the certificate ends. */
	readonly expirySeconds: number;
	/** The same of the authority behind it, where that one is known. */
	readonly authorityExpirySeconds?: number;
	/** Equal for equal content. */
	readonly fingerprint: string;
}

/** `tls.crt` and `tls.key` of `folder`. Throws where one is missing, is no PEM, or they do not belong together. */
export async function readCertificate(folder: string): Promise<Certificate> {
	const [cert, key] = await Promise.all([readFile(join(folder, 'tls.crt')), readFile(join(folder, 'tls.key'))]);
	return certificateOf(cert, key);
}

/** Throws where one is no PEM, or they do not belong together. */
export function certificateOf(cert: Buffer, key: Buffer): Certificate {
	createSecureContext({ cert, key });
	return {
		cert,
		key,
		expirySeconds: Date.parse(new X509Certificate(cert).validTo) / 1000,
		fingerprint: createHash('sha256').update(cert).update(key).digest('hex'),
	};
}

export interface CertificateWatchOptions {
	readonly folder: string;
	readonly current: Certificate;
	readonly onChange: (certificate: Certificate) => void;
	/** The new files cannot be used; the old certificate stays. Told once per broken content. */
	readonly onBroken: (error: Error) => void;
	readonly pollMs?: number;
}

const POLL_MS = 10_000;

/**
 * Watches the folder, because a Secret volume swaps a link beside the files and a watch on a file goes silent then, and
 * looks at the content now and then, because a watch may miss a change.
 */
export function watchCertificate({ folder, current, onChange, onBroken, pollMs = POLL_MS }: CertificateWatchOptions): {
	stop: () => void;
} {
	let fingerprint = current.fingerprint;
	let lastTrouble: string | undefined;
	let isReading = false;
	let isDirty = false;

	const look = async (): Promise<void> => {
		if (isReading) {
			isDirty = true;
			return;
		}
		isReading = true;
		try {
			const certificate = await readCertificate(folder);
			lastTrouble = undefined;
			if (certificate.fingerprint === fingerprint) return;
			fingerprint = certificate.fingerprint;
			onChange(certificate);
		} catch (error) {
			const trouble = (error as Error).message;
			if (trouble !== lastTrouble) onBroken(error as Error);
			lastTrouble = trouble;
		} finally {
			isReading = false;
			if (isDirty) {
				isDirty = false;
				void look();
			}
		}
	};

	const timer = setInterval(() => void look(), pollMs);
	timer.unref();
	let watcher: FSWatcher | undefined;
	try {
		watcher = watch(folder, () => void look());
		watcher.on('error', () => watcher?.close());
	} catch {
		// Some file systems cannot be watched; the poll is enough.
	}
	return {
		stop: () => {
			clearInterval(timer);
			watcher?.close();
		},
	};
}
