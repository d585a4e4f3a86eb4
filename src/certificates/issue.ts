/**
 * Makes a certificate authority and serving certificates signed by it. Pure but for randomness: PEM in, PEM out, no files. The
 * only maker: the leader's, and that of certs/ for local runs, tests, and clusters that get their certificate from outside.
 */

// First, before the x509 library: its dependency container refuses to load without this polyfill.
import 'reflect-metadata';
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { AUTHORITY_DAYS, BACKDATE_MS, DAY_MS, SERVING_DAYS } from './lifetimes.ts';
import type { KeyPair } from './secret-data.ts';

export interface AuthorityOptions {
	readonly commonName?: string;
	readonly days?: number;
	readonly now?: Date;
}

export interface ServingOptions {
	/** DNS names and IP addresses clients may ask for. The first one is the common name. */
	readonly hosts: readonly string[];
	readonly days?: number;
	readonly now?: Date;
}

/** The authority cannot sign what was asked for. The message says what to do. */
export class IssueError extends Error {}

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** A self-signed authority that can sign serving certificates and nothing below it. */
export async function issueAuthority(options: AuthorityOptions = {}): Promise<KeyPair> {
	const keys = await newKeys();
	const certificate = await x509.X509CertificateGenerator.createSelfSigned({
		serialNumber: newSerial(),
		name: [{ CN: [options.commonName ?? 'toolhive-scaling CA'] }],
		keys,
		signingAlgorithm: SIGNING_ALGORITHM,
		...validity(options.now, options.days ?? AUTHORITY_DAYS),
		extensions: [
			new x509.BasicConstraintsExtension(true, 0, true),
			new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
			await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
		],
	});
	return { cert: pemOf(certificate), key: await pemOfKey(keys.privateKey) };
}

/** A certificate for TLS servers. Throws IssueError when it would outlive its authority, or when key and authority do not match. */
export async function issueServing(authority: KeyPair, options: ServingOptions): Promise<KeyPair> {
	const { hosts } = options;
	const [commonName = 'localhost'] = hosts;
	const period = validity(options.now, options.days ?? SERVING_DAYS);
	assertCanSign(authority, period.notAfter);
	const issuer = new x509.X509Certificate(authority.cert);
	const keys = await newKeys();
	const certificate = await x509.X509CertificateGenerator.create({
		serialNumber: newSerial(),
		// 64 characters is what a common name may have; the alternative names are what clients look at.
		subject: [{ CN: [commonName.slice(0, 64)] }],
		issuer: issuer.subjectName,
		publicKey: keys.publicKey,
		signingKey: await importedKey(authority.key),
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

function assertCanSign(authority: KeyPair, notAfter: Date): void {
	const certificate = new X509Certificate(authority.cert);
	const key = createPrivateKey(authority.key);
	if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
		throw new IssueError('the key of the authority is not a P-256 key');
	if (!certificate.checkPrivateKey(key)) {
		throw new IssueError('the key of the authority does not belong to its certificate');
	}
	if (certificate.validToDate < notAfter) {
		const day = (date: Date): string => date.toISOString().slice(0, 10);
		throw new IssueError(
			`the authority ends on ${day(certificate.validToDate)}, before the certificate would on ${day(notAfter)}`,
		);
	}
}

const newKeys = () => webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);

/** 128 random bits: more than the 64 that auditors ask for. The first bit is cleared, since a serial number is positive. */
function newSerial(): string {
	const bytes = webcrypto.getRandomValues(new Uint8Array(16));
	bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
	return Buffer.from(bytes).toString('hex');
}

function validity(now: Date = new Date(), days: number): { notBefore: Date; notAfter: Date } {
	// Certificates know whole seconds.
	const startMs = Math.floor(now.getTime() / 1000) * 1000;
	return { notBefore: new Date(startMs - BACKDATE_MS), notAfter: new Date(startMs + Math.floor(days * DAY_MS)) };
}

const pemOf = (certificate: x509.X509Certificate): string => `${certificate.toString('pem')}\n`;

async function pemOfKey(key: webcrypto.CryptoKey): Promise<string> {
	const der = await webcrypto.subtle.exportKey('pkcs8', key);
	return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`;
}

/** Any form of PEM that Node reads, not only ours: `openssl ecparam -genkey` writes another one. */
function importedKey(pem: string): Promise<webcrypto.CryptoKey> {
	const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
	return webcrypto.subtle.importKey('pkcs8', der, KEY_ALGORITHM, false, ['sign']);
}
