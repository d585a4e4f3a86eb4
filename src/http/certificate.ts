/** The serving certificate in files: read at start, and again when it changes. */
import { createHash, X509Certificate } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';

export interface Certificate {
	readonly cert: Buffer;
	readonly key: Buffer;
	/** Seconds since the epoch at which the certificate expires. */
	readonly expirySeconds: number;
	/** The same for the CA that issued it, if that is known. */
	readonly caExpirySeconds?: number;
	/** Equal for equal content. */
	readonly fingerprint: string;
}

/** `tls.crt` and `tls.key` of `folder`. Throws if one is missing or is not PEM, or if they do not match. */
export async function readCertificate(folder: string): Promise<Certificate> {
	const [cert, key] = await Promise.all([readFile(join(folder, 'tls.crt')), readFile(join(folder, 'tls.key'))]);
	return certificateOf(cert, key);
}

/** Throws if one is not PEM, or if they do not match. */
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
	/** The new files are not usable, and the old certificate stays in use. Called once for each content. */
	readonly onBroken: (error: Error) => void;
	readonly pollMs?: number;
}

const POLL_MS = 10_000;

/**
 * Watches the folder, because a Secret volume replaces a link beside the files and a watch of a file ends then. Reads the files at
 * intervals too, because a watch may miss a change.
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
		// Some file systems cannot be watched; the poll is enough.
	}
	return {
		stop: () => {
			clearInterval(timer);
			watcher?.close();
		},
	};
}
