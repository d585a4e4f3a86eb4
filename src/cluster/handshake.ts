/** Reads the certificates that a TLS server presents, from any issuer. */
import { isIP } from 'node:net';
import { connect } from 'node:tls';

/**
 * Resolves with the certificates in PEM, the server's own first. Rejects if the TLS handshake takes longer than
 * `timeoutMs`.
 */
export function certificatesAt(url: string, timeoutMs: number): Promise<readonly string[]> {
	const { hostname, port } = new URL(url);
	const host = hostname.replace(/^\[|\]$/g, '');
	return new Promise((resolve, reject) => {
		const socket = connect({
			host,
			port: Number(port || 443),
			...(isIP(host) === 0 && { servername: host }),
			// An untrusted certificate is accepted, because nothing is sent over this connection.
			rejectUnauthorized: false,
		});
		const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
		socket.once('close', () => clearTimeout(timer));
		socket.once('error', reject);
		socket.once('secureConnect', () => {
			const certificates: string[] = [];
			let certificate = socket.getPeerX509Certificate();
			while (certificate !== undefined && certificates.length < LONGEST_CHAIN) {
				certificates.push(certificate.toString());
				certificate = certificate.issuerCertificate;
			}
			socket.destroy();
			resolve(certificates);
		});
	});
}

const LONGEST_CHAIN = 10;
