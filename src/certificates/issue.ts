/**
 * Issues a CA and serving certificates, for the leader and for certs/. Input and output are PEM texts; this module
 * accesses no files.
 */
// This import comes first, because the x509 library does not load without the polyfill.
import 'reflect-metadata';
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { BACKDATE_MS, CA_DAYS, DAY_MS, SERVING_DAYS } from './lifetimes.ts';
import type { KeyPair } from './secret-data.ts';

interface Lifetime {
	readonly days?: number;
	readonly now?: Date;
}

export interface CaOptions extends Lifetime {
	readonly commonName?: string;
}

export interface ServingOptions extends Lifetime {
	/** DNS names and IP addresses of the server. The first name becomes the common name of the certificate. */
	readonly hosts: readonly string[];
}

/** Thrown if the CA cannot sign the certificate. */
export class IssueError extends Error {}

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** Returns a self-signed CA that may sign serving certificates but no intermediate CAs. */
export async function issueCa(options: CaOptions = {}): Promise<KeyPair> {
	const keys = await newKeys();
	const certificate = await x509.X509CertificateGenerator.createSelfSigned({
		serialNumber: newSerial(),
		name: [{ CN: [options.commonName ?? 'toolhive-scaling CA'] }],
		keys,
		signingAlgorithm: SIGNING_ALGORITHM,
		...validity(options.now, options.days ?? CA_DAYS),
		extensions: [
			new x509.BasicConstraintsExtension(true, 0, true),
			new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
			await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
		],
	});
	return { cert: pemOf(certificate), key: await pemOfKey(keys.privateKey) };
}

/** Returns a serving certificate. Throws IssueError if the CA expires before it, or if the CA's key does not match. */
export async function issueServing(ca: KeyPair, options: ServingOptions): Promise<KeyPair> {
	const { hosts } = options;
	const [commonName = 'localhost'] = hosts;
	const period = validity(options.now, options.days ?? SERVING_DAYS);
	assertCanSign(ca, period.notAfter);
	const issuer = new x509.X509Certificate(ca.cert);
	const keys = await newKeys();
	const certificate = await x509.X509CertificateGenerator.create({
		serialNumber: newSerial(),
		// A common name has at most 64 characters. Clients verify the alternative names, so a shortened common name does no
		// harm.
		subject: [{ CN: [commonName.slice(0, 64)] }],
		issuer: issuer.subjectName,
		publicKey: keys.publicKey,
		signingKey: await importKey(ca.key),
		signingAlgorithm: SIGNING_ALGORITHM,
		...period,
		extensions: [
			new x509.BasicConstraintsExtension(false, undefined, true),
			new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
			new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
			new x509.SubjectAlternativeNameExtension(
				hosts.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const),
			),
			await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
			await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
		],
	});
	return { cert: pemOf(certificate), key: await pemOfKey(keys.privateKey) };
}

function assertCanSign(ca: KeyPair, notAfter: Date): void {
	const certificate = new X509Certificate(ca.cert);
	const key = createPrivateKey(ca.key);
	if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
		throw new IssueError('the key of the CA is not a P-256 key');
	if (!certificate.checkPrivateKey(key)) {
		throw new IssueError('the key of the CA does not match its certificate');
	}
	if (certificate.validToDate < notAfter) {
		const day = (date: Date): string => date.toISOString().slice(0, 10);
		throw new IssueError(
			`the CA expires on ${day(certificate.validToDate)}, before the requested expiry of the serving certificate (${day(notAfter)})`,
		);
	}
}

const newKeys = () => webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);

/**
 * Returns 128 random bits. The first bit is 0, because a serial number is positive; auditors require 64 random bits.
 */
function newSerial(): string {
	const bytes = webcrypto.getRandomValues(new Uint8Array(16));
	bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
	return Buffer.from(bytes).toString('hex');
}

function validity(now: Date = new Date(), days: number): { notBefore: Date; notAfter: Date } {
	// Certificates store whole seconds.
	const startMs = Math.floor(now.getTime() / 1000) * 1000;
	return { notBefore: new Date(startMs - BACKDATE_MS), notAfter: new Date(startMs + Math.floor(days * DAY_MS)) };
}

const pemOf = (certificate: x509.X509Certificate): string => `${certificate.toString('pem')}\n`;

async function pemOfKey(key: webcrypto.CryptoKey): Promise<string> {
	const der = await webcrypto.subtle.exportKey('pkcs8', key);
	return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`;
}

/** Imports a private key in any PEM format that Node can read: `openssl ecparam -genkey` does not write PKCS #8. */
function importKey(pem: string): Promise<webcrypto.CryptoKey> {
	const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
	return webcrypto.subtle.importKey('pkcs8', der, KEY_ALGORITHM, false, ['sign']);
}
