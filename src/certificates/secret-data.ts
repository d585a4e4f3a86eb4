/** Reads the data of the Secret: which CAs are valid, and whether the serving certificate is usable. Pure functions. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { certificatesIn, isSignedBy } from '../api/pem.ts';
import { BACKDATE_MS } from './lifetimes.ts';

/** A certificate and its private key, both in PEM. */
export interface KeyPair {
	readonly cert: string;
	readonly key: string;
}

/** The data of the certificate Secret: the keys of a Secret of type kubernetes.io/tls, and more. */
export type SecretData = {
	/** The CA that signs serving certificates. */
	readonly 'ca.crt'?: string;
	readonly 'ca.key'?: string;
	/** The CA that will sign once every caBundle contains it. */
	readonly 'next-ca.crt'?: string;
	readonly 'next-ca.key'?: string;
	/** The previous CAs, which are still trusted. The key keeps its old name, because existing clusters store it. */
	readonly 'former-ca.crt'?: string;
	readonly 'tls.crt'?: string;
	readonly 'tls.key'?: string;
};

export interface CertificateAuthority {
	readonly certificate: X509Certificate;
	/** The PEM text of this certificate alone, ending with a line feed. */
	readonly pem: string;
	/** Whether the matching private key is stored. */
	readonly canSign: boolean;
}

export interface ServingCertificate {
	readonly pair: KeyPair;
	readonly certificate: X509Certificate;
	readonly issuer: CertificateAuthority;
}

/** Returns the CA certificates in `text` that are valid now, and ignores anything else. */
export function casIn(text: string | undefined, nowMs: number): CertificateAuthority[] {
	return certificatesIn(text ?? '').flatMap((pem) => {
		const certificate = parse(pem);
		if (certificate?.ca !== true || !isValid(certificate, nowMs)) return [];
		return [{ certificate, pem: `${pem}\n`, canSign: false }];
	});
}

/** Returns one CA of a Secret, or undefined if its certificate is not usable. `issueServing` requires a P-256 key. */
export function caIn(data: SecretData, which: 'ca' | 'next-ca', nowMs: number): CertificateAuthority | undefined {
	const [ca] = casIn(data[`${which}.crt`], nowMs);
	const key = data[`${which}.key`];
	return ca && { ...ca, canSign: key !== undefined && matches(ca.certificate, key, 'prime256v1') };
}

/** Returns the serving certificate of a Secret, or the reason why it is not usable. */
export const servingCertificateIn = (data: SecretData, hosts: readonly string[], nowMs: number) =>
	verifyServingCertificate({ cert: data['tls.crt'], key: data['tls.key'] }, trustBundle(data, nowMs), hosts, nowMs);

/**
 * Returns `pair` if a client that trusts `trusted` accepts it for `hosts` now, else a constant text with the reason.
 */
export function verifyServingCertificate(
	pair: { readonly [name in keyof KeyPair]: string | undefined } | undefined,
	trusted: readonly CertificateAuthority[],
	hosts: readonly string[],
	nowMs: number,
): ServingCertificate | string {
	if (!pair?.cert && !pair?.key) return 'there is no certificate';
	if (!pair.cert || !pair.key) return 'tls.crt or tls.key is missing';
	const certificate = parse(pair.cert);
	if (certificate === undefined) return 'the certificate cannot be read';
	if (!matches(certificate, pair.key)) return 'certificate and key do not match';
	if (certificate.validToDate.getTime() <= nowMs) return 'the certificate has expired';
	if (certificate.validFromDate.getTime() > nowMs) return 'the certificate is not valid yet';
	if (hosts.some((host) => certificate.checkHost(host) === undefined)) return 'the certificate is for other DNS names';
	const issuer = trusted.find((one) => isSignedBy(certificate, one.certificate));
	if (issuer === undefined) return 'another CA issued the certificate';
	return { pair: { cert: pair.cert, key: pair.key }, certificate, issuer };
}

/** Returns every CA of the Secret, beginning with the one that signs. The caBundle contains exactly these CAs. */
export const trustBundle = (data: SecretData, nowMs: number): CertificateAuthority[] =>
	unique((['ca.crt', 'next-ca.crt', 'former-ca.crt'] as const).flatMap((key) => casIn(data[key], nowMs)));

export const bundleOf = (cas: readonly CertificateAuthority[]): string => cas.map(({ pem }) => pem).join('');

export const unique = (cas: readonly CertificateAuthority[]): CertificateAuthority[] =>
	cas.filter((one, index) => cas.findIndex((other) => isSame(one, other)) === index);

export const isSame = (one: CertificateAuthority, other: CertificateAuthority): boolean =>
	one.certificate.fingerprint256 === other.certificate.fingerprint256;

/** Whether both texts contain the same certificates, in any order. */
export function isSameBundle(one: string, other: string): boolean {
	const prints = (text: string): string =>
		certificatesIn(text)
			.map((pem) => parse(pem)?.fingerprint256 ?? pem)
			.sort()
			.join();
	return prints(one) === prints(other);
}

/** Returns the time of issue, derived from the certificate's validity. */
export const issuedMs = ({ validFromDate, validToDate }: X509Certificate): number =>
	Math.min(validFromDate.getTime() + BACKDATE_MS, validToDate.getTime());

/** A certificate is renewed after two thirds of its lifetime. */
export function needsRenewal(certificate: X509Certificate, nowMs: number): boolean {
	const startMs = issuedMs(certificate);
	return nowMs >= startMs + ((certificate.validToDate.getTime() - startMs) * 2) / 3;
}

const isValid = (certificate: X509Certificate, nowMs: number): boolean =>
	certificate.validFromDate.getTime() <= nowMs && nowMs < certificate.validToDate.getTime();

function parse(pem: string): X509Certificate | undefined {
	try {
		return new X509Certificate(pem);
	} catch {
		return undefined;
	}
}

function matches(certificate: X509Certificate, keyPem: string, curve?: string): boolean {
	try {
		const key = createPrivateKey(keyPem);
		return certificate.checkPrivateKey(key) && (curve === undefined || key.asymmetricKeyDetails?.namedCurve === curve);
	} catch {
		return false;
	}
}
