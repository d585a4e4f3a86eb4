/** Certificates in PEM. */
import type { X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Returns the certificate blocks of a text and ignores everything between them. This function never returns a private
 * key.
 */
export const certificatesIn = (text: string): readonly string[] => text.match(CERTIFICATE) ?? [];

export const isSignedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
	certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
