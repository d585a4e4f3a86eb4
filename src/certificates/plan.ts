/**
 * Plans what to write into the Secret next. The plan is a pure function of the stored data, so any step can be
 * interrupted or repeated, and another leader can continue.
 *
 * Rotation of the CA: `stage-next` adds a CA to the Secret and to every caBundle, `promote` signs with it 30 s later,
 * and `drop-previous` removes the old CA after a day.
 */
import { PREVIOUS_CA_MS, SETTLE_MS } from './lifetimes.ts';
import {
	bundleOf,
	type CertificateAuthority,
	caIn,
	casIn,
	isSame,
	issuedMs,
	type KeyPair,
	needsRenewal,
	type SecretData,
	servingCertificateIn,
	trustBundle,
	unique,
	verifyServingCertificate,
} from './secret-data.ts';

export interface Situation {
	/** The data of the Secret, or undefined if there is no Secret. */
	readonly data: SecretData | undefined;
	/** The caBundle, in PEM, of each webhook that calls this Service; empty if it is not set. */
	readonly caBundles: readonly string[];
	/** For how long every caBundle has matched the Secret. */
	readonly trustedForMs: number;
	/** The certificate and key that this replica serves. */
	readonly served: KeyPair | undefined;
	/** The names that the serving certificate must have. */
	readonly hosts: readonly string[];
	/** The wall-clock time. */
	readonly nowMs: number;
}

/** The log message of each step. */
export const STEPS = {
	bootstrap: 'CA and serving certificate created',
	issue: 'serving certificate created',
	'stage-next': 'next CA created',
	restore: 'serving certificate restored from the one in use',
	promote: 'next CA promoted to CA',
	'drop-previous': 'previous CA removed',
	cleanup: 'unusable CA removed',
} as const;

export interface Step {
	readonly name: keyof typeof STEPS;
	/** A constant text for the log. */
	readonly reason: string;
	/** The data to write, except for what `make` issues. */
	readonly keep: SecretData;
	/** What to issue, in this order. The `ca` of the new data signs `tls`. */
	readonly make: readonly ('ca' | 'next-ca' | 'tls')[];
}

/** Limits the size of the Secret, even if it is damaged repeatedly. */
const MAX_PREVIOUS_CAS = 3;

/** Returns the next step, or undefined if there is nothing to write now. */
export function planOf(situation: Situation): Step | undefined {
	const { data = {}, nowMs } = situation;
	const isTrusted = situation.trustedForMs >= SETTLE_MS;
	const state = stateOf(situation);
	const { ca, next, stored, inUse } = state;
	const step = (name: Step['name'], reason: string, make: Step['make'] = [], keep = kept(state)): Step => ({
		name,
		reason,
		keep,
		make,
	});

	if (next !== undefined) {
		if (inUse === undefined || isTrusted) {
			const reason = inUse ? 'every caBundle trusts the next CA' : 'there is no usable serving certificate';
			return step('promote', reason, ['tls'], promoted(state, next));
		}
		return typeof stored === 'string' ? step('restore', stored) : undefined;
	}
	if (ca === undefined || !ca.canSign) {
		const reason = ca === undefined ? 'there is no valid CA' : 'the key of the CA is missing';
		if (inUse !== undefined) return step('stage-next', reason, ['next-ca']);
		// Another replica may still serve a certificate of the lost CA, so the caBundle keeps that CA.
		return step('bootstrap', reason, ['ca', 'tls'], previousCas(state.known));
	}
	if (typeof stored === 'string') {
		// Clients trust the certificate in use. They would reject a new certificate until every caBundle contains its CA.
		const isOther = inUse !== undefined && !isSame(inUse.issuer, ca);
		return isOther ? step('restore', stored) : step('issue', stored, ['tls']);
	}
	if (needsRenewal(ca.certificate, nowMs)) {
		return step('stage-next', 'two thirds of the lifetime of the CA have passed', ['next-ca']);
	}
	if (needsRenewal(stored.certificate, nowMs)) {
		return step('issue', 'two thirds of the lifetime of the serving certificate have passed', ['tls']);
	}
	if (!isSame(stored.issuer, ca)) {
		return isTrusted ? step('issue', 'a previous CA issued the serving certificate', ['tls']) : undefined;
	}
	if (data['next-ca.crt'] !== undefined || data['next-ca.key'] !== undefined) {
		return step('cleanup', 'the next CA is not usable');
	}
	const isSettled = nowMs - issuedMs(stored.certificate) >= PREVIOUS_CA_MS;
	if (data['former-ca.crt'] !== undefined && (isSettled || state.previous.length === 0)) {
		const { 'former-ca.crt': _dropped, ...keep } = kept(state);
		return step('drop-previous', 'no replica serves a certificate of the previous CA', [], keep);
	}
	return undefined;
}

type State = ReturnType<typeof stateOf>;

/**
 * Derives the usable CAs and certificates from the situation. CAs and certificates that are not valid now are ignored.
 */
function stateOf({ data = {}, caBundles, served, hosts, nowMs }: Situation) {
	const next = caIn(data, 'next-ca', nowMs);
	const known = unique([...trustBundle(data, nowMs), ...caBundles.flatMap((text) => casIn(text, nowMs))]);
	const stored = servingCertificateIn(data, hosts, nowMs);
	const running = typeof stored === 'string' ? verifyServingCertificate(served, known, hosts, nowMs) : stored;
	return {
		data,
		ca: caIn(data, 'ca', nowMs),
		next: next?.canSign === true && !needsRenewal(next.certificate, nowMs) ? next : undefined,
		previous: casIn(data['former-ca.crt'], nowMs),
		/** All CAs in the Secret or in a caBundle. */
		known,
		/** The certificate in the Secret, or the reason why it cannot be served. */
		stored,
		/**
		 * The certificate in the Secret, else the one that this replica serves. The caBundle must keep the issuer of this
		 * certificate.
		 */
		inUse: typeof running === 'string' ? undefined : running,
	};
}

/** Returns all parts of the Secret that are usable. */
function kept({ data, ca, next, previous, inUse }: State): SecretData {
	const others = [...(inUse ? [inUse.issuer] : []), ...previous].filter((one) => ca === undefined || !isSame(one, ca));
	return {
		...(ca && { 'ca.crt': ca.pem }),
		...(ca?.canSign && { 'ca.key': data['ca.key'] ?? '' }),
		...(next && { 'next-ca.crt': next.pem, 'next-ca.key': data['next-ca.key'] ?? '' }),
		...previousCas(others),
		...(inUse && { 'tls.crt': inUse.pair.cert, 'tls.key': inUse.pair.key }),
	};
}

function promoted({ data, ca, previous, inUse }: State, next: CertificateAuthority): SecretData {
	const others = [...(inUse ? [inUse.issuer] : []), ...(ca ? [ca] : []), ...previous];
	return {
		'ca.crt': next.pem,
		'ca.key': data['next-ca.key'] ?? '',
		...previousCas(others.filter((one) => !isSame(one, next))),
	};
}

const previousCas = (cas: readonly CertificateAuthority[]): SecretData =>
	cas.length === 0 ? {} : { 'former-ca.crt': bundleOf(unique(cas).slice(0, MAX_PREVIOUS_CAS)) };
