/** Reads the data of the Secret: which CAs are valid, and whether the serving certificate can be used. Pure. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { certificatesIn, isSignedBy } from '../api/pem.ts';
import { BACKDATE_MS } from './lifetimes.ts';

/** A certificate and its private key, both PEM. */
export interface KeyPair {
	readonly cert: string;
	readonly key: string;
}

/** As in a Secret of type kubernetes.io/tls, with more keys. */
export type SecretData = {
	/** The CA that signs. */
	readonly 'ca.crt'?: string;
	readonly 'ca.key'?: string;
	/** The CA that signs once every caBundle contains it. */
	readonly 'next-ca.crt'?: string;
	readonly 'next-ca.key'?: string;
	/** The previous CAs, still trusted. Clusters store this key, so its name stays. */
	readonly 'former-ca.crt'?: string;
	readonly 'tls.crt'?: string;
	readonly 'tls.key'?: string;
};

export interface CertificateAuthority {
	readonly certificate: X509Certificate;
	/** Of this certificate alone, ending in a line feed. */
	readonly pem: string;
	/** Its private key is stored and matches. */
	readonly canSign: boolean;
}

export interface ServingCertificate {
	readonly pair: KeyPair;
	readonly certificate: X509Certificate;
	readonly issuer: CertificateAuthority;
}

/** The CA certificates in `text` that are valid now. Ignores anything else. */
export function casIn(text: string | undefined, nowMs: number): CertificateAuthority[] {
	return certificatesIn(text ?? '').flatMap((pem) => {
		const certificate = parse(pem);
		if (certificate?.ca !== true || !isValid(certificate, nowMs)) return [];
		return [{ certificate, pem: `${pem}\n`, canSign: false }];
	});
}

/** One CA of a Secret; undefined if its certificate cannot be used. `issueServing` requires a P-256 key. */
export function caIn(data: SecretData, which: 'ca' | 'next-ca', nowMs: number): CertificateAuthority | undefined {
	const [ca] = casIn(data[`${which}.crt`], nowMs);
	const key = data[`${which}.key`];
	return ca && { ...ca, canSign: key !== undefined && matches(ca.certificate, key, 'prime256v1') };
}

/** The serving certificate of a Secret, or why it cannot be used. */
export const servingCertificateIn = (data: SecretData, hosts: readonly string[], nowMs: number) =>
	verifyServingCertificate({ cert: data['tls.crt'], key: data['tls.key'] }, trustBundle(data, nowMs), hosts, nowMs);

/** `pair`, if a client that trusts `trusted` accepts it for `hosts` now; else why not. The texts are constant. */
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

/** Every CA of the Secret, the one that signs first. caBundle contains these. */
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

/** When it was issued, derived from its validity. */
export const issuedMs = ({ validFromDate, validToDate }: X509Certificate): number =>
	Math.min(validFromDate.getTime() + BACKDATE_MS, validToDate.getTime());

/** After two thirds of its lifetime. */
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
