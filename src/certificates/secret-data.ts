/** What a Secret holds, judged: which authorities count, and whether the serving certificate can be used. Pure. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { certificatesIn } from '../api/pem.ts';
import { BACKDATE_MS } from './lifetimes.ts';

/** A certificate and its private key, both PEM. */
export interface KeyPair {
	readonly cert: string;
	readonly key: string;
}

/** The texts of the Secret. The keys are those of Kubernetes' own TLS Secrets, as far as there are such. */
export type SecretData = {
	/** The authority that signs. */
	readonly 'ca.crt'?: string;
	readonly 'ca.key'?: string;
	/** The one that takes over as soon as everybody trusts it. */
	readonly 'next-ca.crt'?: string;
	readonly 'next-ca.key'?: string;
	/** Those that do not sign any more and are still trusted. */
	readonly 'former-ca.crt'?: string;
	readonly 'tls.crt'?: string;
	readonly 'tls.key'?: string;
};

export interface CertificateAuthority {
	readonly certificate: X509Certificate;
	/** Of this certificate alone, ending in a line feed. */
	readonly pem: string;
	/** Its key is there and belongs to it. */
	readonly canSign: boolean;
}

export interface ServingCertificate {
	readonly pair: KeyPair;
	readonly certificate: X509Certificate;
	readonly issuer: CertificateAuthority;
}

/** Certificates of authorities in `text` that are valid now. What is something else, or cannot be read, is passed over. */
export function authoritiesIn(text: string | undefined, nowMs: number): CertificateAuthority[] {
	return certificatesIn(text ?? '').flatMap((pem) => {
		const certificate = readable(pem);
		if (certificate === undefined || !certificate.ca || !isValid(certificate, nowMs)) return [];
		return [{ certificate, pem: `${pem}\n`, canSign: false }];
	});
}

/** The authority of a Secret, undefined where its certificate is of no use; what signs must be a P-256 key, as the maker asks. */
export function authorityIn(
	data: SecretData,
	which: 'ca' | 'next-ca',
	nowMs: number,
): CertificateAuthority | undefined {
	const [authority] = authoritiesIn(data[`${which}.crt`], nowMs);
	const key = data[`${which}.key`];
	if (authority === undefined) return undefined;
	return { ...authority, canSign: key !== undefined && belongs(authority.certificate, key, 'prime256v1') };
}

/** The pair where it can be served now, to who asks for `hosts` and trusts `trusted`; else why not. The texts are constant. */
export function verifyServingCertificate(
	pair: Partial<KeyPair> | undefined,
	trusted: readonly CertificateAuthority[],
	hosts: readonly string[],
	nowMs: number,
): ServingCertificate | string {
	if (!pair?.cert && !pair?.key) return 'there is no certificate';
	if (!pair.cert || !pair.key) return 'half of the pair is missing';
	const certificate = readable(pair.cert);
	if (certificate === undefined) return 'the certificate cannot be read';
	if (!belongs(certificate, pair.key)) return 'certificate and key do not belong together';
	if (certificate.validToDate.getTime() <= nowMs) return 'the certificate has ended';
	if (certificate.validFromDate.getTime() > nowMs) return 'the certificate is not valid yet';
	if (hosts.some((host) => certificate.checkHost(host) === undefined)) return 'the certificate is for other names';
	const issuer = trusted.find((one) => isSignedBy(certificate, one.certificate));
	if (issuer === undefined) return 'the certificate is of another authority';
	return { pair: { cert: pair.cert, key: pair.key }, certificate, issuer };
}

export const pairIn = (data: SecretData): Partial<KeyPair> => ({
	...(data['tls.crt'] !== undefined && { cert: data['tls.crt'] }),
	...(data['tls.key'] !== undefined && { key: data['tls.key'] }),
});

/** Every authority that the Secret vouches for, the one that signs first. They are what belongs into caBundle. */
export function trustBundle(data: SecretData, nowMs: number): CertificateAuthority[] {
	const authorities = (['ca.crt', 'next-ca.crt', 'former-ca.crt'] as const).flatMap((key) =>
		authoritiesIn(data[key], nowMs),
	);
	return unique(authorities);
}

export const bundleOf = (authorities: readonly CertificateAuthority[]): string =>
	authorities.map(({ pem }) => pem).join('');

export const unique = (authorities: readonly CertificateAuthority[]): CertificateAuthority[] =>
	authorities.filter((one, index) => authorities.findIndex((other) => isSame(one, other)) === index);

export const isSame = (one: CertificateAuthority, other: CertificateAuthority): boolean =>
	one.certificate.fingerprint256 === other.certificate.fingerprint256;

/** Whether both texts hold the same certificates, in whatever order. */
export function isSameBundle(one: string, other: string): boolean {
	const prints = (text: string): string =>
		certificatesIn(text)
			.map((pem) => readable(pem)?.fingerprint256 ?? pem)
			.sort()
			.join();
	return prints(one) === prints(other);
}

/** The moment it was made, as far as the certificate tells. */
export const issuedMs = ({ validFromDate, validToDate }: X509Certificate): number =>
	Math.min(validFromDate.getTime() + BACKDATE_MS, validToDate.getTime());

/** Two thirds of its life are over. */
export function needsRenewal(certificate: X509Certificate, nowMs: number): boolean {
	const startMs = issuedMs(certificate);
	return nowMs >= startMs + ((certificate.validToDate.getTime() - startMs) * 2) / 3;
}

const isValid = (certificate: X509Certificate, nowMs: number): boolean =>
	certificate.validFromDate.getTime() <= nowMs && nowMs < certificate.validToDate.getTime();

const isSignedBy = (certificate: X509Certificate, authority: X509Certificate): boolean =>
	certificate.checkIssued(authority) && certificate.verify(authority.publicKey);

function readable(pem: string): X509Certificate | undefined {
	try {
		return new X509Certificate(pem);
	} catch {
		return undefined;
	}
}

function belongs(certificate: X509Certificate, keyText: string, curve?: string): boolean {
	try {
		const key = createPrivateKey(keyText);
		return certificate.checkPrivateKey(key) && (curve === undefined || key.asymmetricKeyDetails?.namedCurve === curve);
	} catch {
		return false;
	}
}
