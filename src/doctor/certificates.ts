/** Parses PEM and finds the issuer of a certificate. */
import { X509Certificate } from 'node:crypto';
import { certificatesIn, isSignedBy } from '../api/pem.ts';

/** Returns all certificates in `text`, or undefined if there is none or one cannot be parsed. */
export function parseCertificates(text: string): readonly X509Certificate[] | undefined {
	const blocks = certificatesIn(text);
	if (blocks.length === 0) return undefined;
	try {
		return blocks.map((block) => new X509Certificate(block));
	} catch {
		return undefined;
	}
}

/** Returns the certificate among `trusted` that signed the first of `chain`, directly or through the others. */
export function trustedIssuer(
	chain: readonly X509Certificate[],
	trusted: readonly X509Certificate[],
): X509Certificate | undefined {
	let current = chain[0];
	for (let depth = 0; current !== undefined && depth <= chain.length; depth += 1) {
		const one = current;
		const found = trusted.find((root) => root.fingerprint256 === one.fingerprint256 || isSignedBy(one, root));
		if (found !== undefined) return found;
		current = chain.find((next) => next !== one && isSignedBy(one, next));
	}
	return undefined;
}
