/** The certificate a server shows, whoever signed it. */
import { isIP } from 'node:net';
import { connect } from 'node:tls';

/** In PEM, its own first, then those it sends along. Rejects when there is no TLS server within `timeoutMs`. */
export function certificatesAt(url: string, timeoutMs: number): Promise<readonly string[]> {
	const { hostname, port } = new URL(url);
	const host = hostname.replace(/^\[|\]$/g, '');
	return new Promise((resolve, reject) => {
		const socket = connect({
			host,
			port: Number(port || 443),
			...(isIP(host) === 0 && { servername: host }),
			// To look at it is all we do; nothing is sent.
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
