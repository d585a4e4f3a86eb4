/** PEM, and who signed whom. */
import { X509Certificate } from 'node:crypto';
import { certificatesIn } from '../api/pem.ts';

export const MS_PER_DAY = 86_400_000;

/** All certificates in `text`; undefined where there is none or one cannot be read. */
export function parseCertificates(text: string): readonly X509Certificate[] | undefined {
	const blocks = certificatesIn(text);
	if (blocks.length === 0) return undefined;
	try {
		return blocks.map((block) => new X509Certificate(block));
	} catch {
		return undefined;
	}
}

/** The certificate among `trusted` that stands behind the first of `chain`, perhaps by way of the others. */
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

const isSignedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
	certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
