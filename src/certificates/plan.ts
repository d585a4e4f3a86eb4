/**
 * What to write into the Secret next. A pure function of what is there: nothing is remembered between two steps, so each may be
 * interrupted, repeated, or done by another leader.
 *
 * A change of authority: `make-next` puts a new one beside the old, and so into every caBundle; once it has been there for a while
 * `change-over` makes it the one that signs, with a new serving certificate; a day later `drop-former` takes the old one out.
 */

import { FORMER_MS, SETTLE_MS } from './lifetimes.ts';
import {
	authoritiesIn,
	authorityIn,
	bundleOf,
	type CertificateAuthority,
	isSame,
	issuedMs,
	type KeyPair,
	needsRenewal,
	pairIn,
	type SecretData,
	type ServingCertificate,
	trustBundle,
	unique,
	verifyServingCertificate,
} from './secret-data.ts';

export interface Situation {
	/** Undefined where there is no Secret. */
	readonly held: SecretData | undefined;
	/** PEM of each webhook that leads to our Service; an empty text where it has none. */
	readonly caBundles: readonly string[];
	/** For how long all of them have been what the Secret says. */
	readonly trustedForMs: number;
	/** The pair that this replica serves, and so perhaps others. */
	readonly served: KeyPair | undefined;
	/** Names that the serving certificate must have. */
	readonly hosts: readonly string[];
	/** Wall clock. */
	readonly nowMs: number;
}

/** With what each step is logged. */
export const STEPS = {
	begin: 'authority and certificate made',
	issue: 'certificate made',
	'make-next': 'next authority made',
	'put-back': 'certificate in use put back',
	'change-over': 'authority changed',
	'drop-former': 'former authority dropped',
	tidy: 'unusable authority removed',
} as const;

export interface Step {
	readonly name: keyof typeof STEPS;
	/** Constant text. */
	readonly reason: string;
	/** What stays, under the key where it is to stand. */
	readonly keep: SecretData;
	/** What is made anew, in this order. The serving certificate is signed by the `ca` that is there then. */
	readonly make: readonly ('ca' | 'next-ca' | 'tls')[];
}

/** A Secret that is spoilt again and again must not grow for ever. */
const MOST_FORMER = 3;

/** Undefined: nothing to write, until time passes or somebody spoils it. */
export function planOf(situation: Situation): Step | undefined {
	const { nowMs } = situation;
	const isTrusted = situation.trustedForMs >= SETTLE_MS;
	const scene = sceneOf(situation);
	const { held, ca, next, stored, inUse } = scene;

	if (next !== undefined) {
		if (inUse === undefined) return changeOver(scene, 'there is no certificate that could be kept');
		if (isTrusted) return changeOver(scene, 'the next authority is trusted everywhere');
		return typeof stored === 'string' ? putBack(scene, stored) : undefined;
	}
	if (ca === undefined || !ca.canSign) {
		const reason = ca === undefined ? 'there is no valid authority' : 'the key of the authority is missing';
		return inUse === undefined ? begin(scene, reason) : makeNext(scene, inUse, reason);
	}
	if (typeof stored === 'string') {
		// Calls still succeed with what is in use. Another authority's certificate would be refused by who does not know it yet.
		const isOther = inUse !== undefined && !isSame(inUse.issuer, ca);
		return isOther ? putBack(scene, stored) : issue(scene, stored);
	}
	if (needsRenewal(ca.certificate, nowMs))
		return makeNext(scene, stored, 'two thirds of the life of the authority are over');
	if (needsRenewal(stored.certificate, nowMs))
		return issue(scene, 'two thirds of the life of the certificate are over');
	if (!isSame(stored.issuer, ca)) {
		return isTrusted ? issue(scene, 'the certificate is of a former authority') : undefined;
	}
	if (held['next-ca.crt'] !== undefined || held['next-ca.key'] !== undefined) {
		return { name: 'tidy', reason: 'the next authority cannot be used', keep: stays(scene, undefined), make: [] };
	}
	const isSettled = nowMs - issuedMs(stored.certificate) >= FORMER_MS;
	if (held['former-ca.crt'] !== undefined && (isSettled || scene.formers.length === 0)) {
		return { name: 'drop-former', reason: 'nobody shows its certificates', keep: withoutFormer(held), make: [] };
	}
	return undefined;
}

interface Scene {
	readonly held: SecretData;
	/** Valid now. */
	readonly ca: CertificateAuthority | undefined;
	/** Valid now, with its key, and not old itself. */
	readonly next: CertificateAuthority | undefined;
	readonly formers: readonly CertificateAuthority[];
	/** All that the Secret or a caBundle trusts. */
	readonly known: readonly CertificateAuthority[];
	/** The pair in the Secret, or why it cannot be used. */
	readonly stored: ServingCertificate | string;
	/** That one, else the one that we serve and callers still trust: it must not lose their trust. */
	readonly inUse: ServingCertificate | undefined;
}

function sceneOf({ held = {}, caBundles, served, hosts, nowMs }: Situation): Scene {
	const next = authorityIn(held, 'next-ca', nowMs);
	const trusted = trustBundle(held, nowMs);
	const known = unique([...trusted, ...caBundles.flatMap((text) => authoritiesIn(text, nowMs))]);
	const stored = verifyServingCertificate(pairIn(held), trusted, hosts, nowMs);
	const running = typeof stored === 'string' ? verifyServingCertificate(served, known, hosts, nowMs) : stored;
	return {
		held,
		ca: authorityIn(held, 'ca', nowMs),
		next: next?.canSign === true && !needsRenewal(next.certificate, nowMs) ? next : undefined,
		formers: authoritiesIn(held['former-ca.crt'], nowMs),
		known,
		stored,
		inUse: typeof running === 'string' ? undefined : running,
	};
}

/** Whoever trusted an authority that is lost goes on trusting it for a day: another replica may still show its certificate. */
const begin = (scene: Scene, reason: string): Step => ({
	name: 'begin',
	reason,
	keep: formerOf(scene.known),
	make: ['ca', 'tls'],
});

const issue = (scene: Scene, reason: string): Step => ({
	name: 'issue',
	reason,
	keep: stays(scene, undefined),
	make: ['tls'],
});

const makeNext = (scene: Scene, inUse: ServingCertificate, reason: string): Step => ({
	name: 'make-next',
	reason,
	keep: stays(scene, inUse),
	make: ['next-ca'],
});

const putBack = (scene: Scene, reason: string): Step => ({
	name: 'put-back',
	reason,
	keep: { ...stays(scene, scene.inUse), ...nextOf(scene) },
	make: [],
});

function changeOver({ held, ca, next, formers, inUse }: Scene, reason: string): Step {
	const former = [...(inUse === undefined ? [] : [inUse.issuer]), ...(ca === undefined ? [] : [ca]), ...formers];
	const keep = {
		...(next !== undefined && { 'ca.crt': next.pem }),
		...(held['next-ca.key'] !== undefined && { 'ca.key': held['next-ca.key'] }),
		...formerOf(former.filter((one) => next === undefined || !isSame(one, next))),
	};
	return { name: 'change-over', reason, keep, make: ['tls'] };
}

/** The authority that signs, the former ones, and `leaf`, where there are such. Its issuer stays trusted. */
function stays({ held, ca, formers, inUse, stored }: Scene, leaf: ServingCertificate | undefined): SecretData {
	const former = [...(inUse === undefined ? [] : [inUse.issuer]), ...formers];
	const pair = leaf?.pair ?? (typeof stored === 'string' ? undefined : stored.pair);
	return {
		...(ca !== undefined && { 'ca.crt': ca.pem }),
		...(ca?.canSign === true && held['ca.key'] !== undefined && { 'ca.key': held['ca.key'] }),
		...formerOf(former.filter((one) => ca === undefined || !isSame(one, ca))),
		...(pair !== undefined && { 'tls.crt': pair.cert, 'tls.key': pair.key }),
	};
}

const nextOf = ({ held, next }: Scene): SecretData =>
	next === undefined || held['next-ca.key'] === undefined
		? {}
		: { 'next-ca.crt': next.pem, 'next-ca.key': held['next-ca.key'] };

const formerOf = (authorities: readonly CertificateAuthority[]): SecretData =>
	authorities.length === 0 ? {} : { 'former-ca.crt': bundleOf(unique(authorities).slice(0, MOST_FORMER)) };

function withoutFormer({ 'former-ca.crt': _former, ...rest }: SecretData): SecretData {
	return rest;
}
