/** The serving certificate in files. The files are read at start, and again when they change. */
import { createHash, X509Certificate } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';

export interface Certificate {
	readonly cert: Buffer;
	readonly key: Buffer;
	/** The expiry of the certificate, in seconds since the epoch. */
	readonly expirySeconds: number;
	/** The expiry of the CA that issued the certificate, if it is known, in seconds since the epoch. */
	readonly caExpirySeconds?: number;
	/** A hash of the content, to detect changes. */
	readonly fingerprint: string;
}

/**
 * Reads `tls.crt` and `tls.key` in `folder`. Throws if a file is missing or not PEM, or if the key does not belong to the
 * certificate.
 */
export async function readCertificate(folder: string): Promise<Certificate> {
	const [cert, key] = await Promise.all([readFile(join(folder, 'tls.crt')), readFile(join(folder, 'tls.key'))]);
	return certificateOf(cert, key);
}

/** Throws if `cert` or `key` is not PEM, or if the key does not belong to the certificate. */
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
	/** Called once for each unusable content of the files. The previous certificate stays in use. */
	readonly onBroken: (error: Error) => void;
	readonly pollMs?: number;
}

const POLL_MS = 10_000;

/**
 * Watches the folder instead of the files: a Secret volume replaces a symbolic link beside the files, and a watch of a
 * file would end then. Also reads the files at intervals, because a watch may miss a change.
 */
export function watchCertificate({ folder, current, onChange, onBroken, pollMs = POLL_MS }: CertificateWatchOptions): {
	stop: () => void;
} {
	let fingerprint = current.fingerprint;
	let lastError: string | undefined;
	let isReading = false;
	let isDirty = false;

	const reload = async (): Promise<void> => {
		if (isReading) {
			isDirty = true;
			return;
		}
		isReading = true;
		try {
			const certificate = await readCertificate(folder);
			lastError = undefined;
			if (certificate.fingerprint === fingerprint) return;
			fingerprint = certificate.fingerprint;
			onChange(certificate);
		} catch (error) {
			const message = (error as Error).message;
			if (message !== lastError) onBroken(error as Error);
			lastError = message;
		} finally {
			isReading = false;
			if (isDirty) {
				isDirty = false;
				void reload();
			}
		}
	};

	const timer = setInterval(() => void reload(), pollMs);
	timer.unref();
	let watcher: FSWatcher | undefined;
	try {
		watcher = watch(folder, () => void reload());
		watcher.on('error', () => watcher?.close());
	} catch {
		// Some file systems cannot be watched, but the files are also read at intervals.
	}
	return {
		stop: () => {
			clearInterval(timer);
			watcher?.close();
		},
	};
}
