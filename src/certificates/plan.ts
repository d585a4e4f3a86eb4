/**
 * What to write into the Secret next. A pure function of what is stored, so each step can be interrupted or repeated, and another
 * leader can continue.
 *
 * Rotation of the CA: `stage-next` adds a CA to the Secret and to every caBundle, `promote` signs with it 30 s later, and
 * `drop-previous` removes the old one after a day.
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
	/** Undefined if there is no Secret. */
	readonly data: SecretData | undefined;
	/** PEM of each webhook that calls our Service; empty if it has none. */
	readonly caBundles: readonly string[];
	/** For how long every caBundle has matched the Secret. */
	readonly trustedForMs: number;
	/** The pair that this replica serves. */
	readonly served: KeyPair | undefined;
	/** Names that the serving certificate must have. */
	readonly hosts: readonly string[];
	/** Wall clock. */
	readonly nowMs: number;
}

/** The log message of each step. */
export const STEPS = {
	bootstrap: 'CA and serving certificate created',
	issue: 'serving certificate created',
	'stage-next': 'next CA created',
	restore: 'serving certificate in use restored',
	promote: 'CA replaced by the next one',
	'drop-previous': 'previous CA removed',
	cleanup: 'unusable CA removed',
} as const;

export interface Step {
	readonly name: keyof typeof STEPS;
	/** Constant text. */
	readonly reason: string;
	/** The data to write, without what is issued. */
	readonly keep: SecretData;
	/** What to issue, in this order: `tls` is signed by the `ca` of the new data. */
	readonly make: readonly ('ca' | 'next-ca' | 'tls')[];
}

/** Bounds the Secret, even if it is damaged again and again. */
const MAX_PREVIOUS_CAS = 3;

/** Undefined: there is nothing to write now. */
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
		// Another replica may still serve a certificate of a lost CA.
		return step('bootstrap', reason, ['ca', 'tls'], previousCas(state.known));
	}
	if (typeof stored === 'string') {
		// Calls succeed with the certificate in use. A new one would be rejected until every caBundle contains the CA.
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

/** Only CAs and certificates that are valid now. */
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
		/** The certificate in the Secret, or why it cannot be served. */
		stored,
		/** The same, else the certificate that this replica serves. Its issuer must stay in caBundle. */
		inUse: typeof running === 'string' ? undefined : running,
	};
}

/** Everything that can be used. */
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
