/** Tests the plan for each combination of a Secret, caBundles and the certificate that this replica serves. */
import { expect } from 'chai';
import { SETTLE_MS } from '../../../src/certificates/lifetimes.ts';
import { planOf, type Situation } from '../../../src/certificates/plan.ts';
import type { KeyPair, SecretData } from '../../../src/certificates/secret-data.ts';
import {
	asCa,
	asNext,
	asPrevious,
	asTls,
	HOSTS,
	NOW_MS,
	newCa,
	otherKey,
	servingFor,
} from '../../harness/certificates.ts';

/**
 * A row has a title, a Secret, other facts, the step with what it issues, the reason for the step, and the data that
 * the step keeps.
 */
type Row = readonly [string, SecretData | undefined, Partial<Situation>, ...([string, string, SecretData] | [])];

const situationOf = (data: SecretData | undefined, other: Partial<Situation>): Situation => ({
	...{ data, caBundles: [], trustedForMs: 0, served: undefined, hosts: HOSTS, nowMs: NOW_MS },
	...other,
});
const secret = (ca: KeyPair, serving?: KeyPair, more: SecretData = {}): SecretData => ({
	...asCa(ca),
	...(serving !== undefined && asTls(serving)),
	...more,
});

const NO_CA = 'there is no valid CA';
const DUE_CA = 'two thirds of the lifetime of the CA have passed';
const DUE = 'two thirds of the lifetime of the serving certificate have passed';
const TRUSTED = 'every caBundle trusts the next CA';
const UNUSED = 'no replica serves a certificate of the previous CA';
const ABSENT = 'there is no certificate';
const FORMER = 'a previous CA issued the serving certificate';
const UNUSABLE = 'the next CA is not usable';
const HALF = 'tls.crt or tls.key is missing';
const KEY_LOST = 'the key of the CA is missing';
const MISMATCH = 'certificate and key do not match';
const NOTHING_TO_KEEP = 'there is no usable serving certificate';

// Two thirds of 90 days are 60 days, and two thirds of 5 years are 1216.67 days.
const ca = await newCa(100);
const other = await newCa(1);
const dueCa = await newCa(1216.7);
const endedCa = await newCa(1826);
const serving = await servingFor(ca, 10);
const ahead = await servingFor(ca, -20 / 24);
const notDue = await servingFor(ca, 59.99);
const due = secret(ca, await servingFor(ca, 60.01));
const ended = await servingFor(ca, 91);
const early = await servingFor(ca, -1.05);
const misnamed = await servingFor(ca, 1, { hosts: ['webhook.example.com'] });
const dueCaServing = await servingFor(dueCa, 1);
const fresh = await servingFor(other, 0.5);
const dayOld = await servingFor(other, 1);

const none = {};
const settled = { trustedForMs: SETTLE_MS };
const both = asTls(serving);
const valid = secret(ca, serving);
const dueSecret = secret(dueCa, dueCaServing);
const staged = secret(dueCa, dueCaServing, asNext(other));
const unstaged = secret(dueCa, undefined, asNext(other));
const promoted = (previous: KeyPair, tls?: KeyPair): SecretData => secret(other, tls, asPrevious(previous));
const halfDue = { ...unstaged, 'tls.crt': 'hello' };
const lostKey = { 'ca.crt': ca.cert, ...both };
const afterLoss = { ...asNext(other), ...asPrevious(ca), ...both };
const rescued = { ...asPrevious(ca), ...both };
const replaced = promoted(ca, serving);
const withoutKey = { ...valid, 'next-ca.crt': other.cert };
const withoutCert = { ...dueSecret, 'next-ca.key': other.key };
const servedTrusted = { served: serving, caBundles: [ca.cert] };
const knownOther = { caBundles: [other.cert, ''] };
const servedUnknown = { served: serving, caBundles: [''] };

function issue(title: string, tls: SecretData, reason: string): Row {
	return [title, { ...asCa(ca), ...tls }, none, 'issue tls', reason, asCa(ca)];
}

const ROWS: readonly Row[] = [
	['an empty Secret', none, none, 'bootstrap ca tls', NO_CA, none],
	['no Secret, another CA in a caBundle', undefined, knownOther, 'bootstrap ca tls', NO_CA, asPrevious(other)],
	['CA and certificate are valid', valid, none],
	['CA and certificate are valid, a caBundle is empty', valid, { caBundles: [''] }],
	['the issuing clock was 20 hours ahead', secret(ca, ahead), none],
	['the certificate before two thirds of its lifetime', secret(ca, notDue), none],
	['the certificate after two thirds of its lifetime', due, none, 'issue tls', DUE, due],
	['the CA after two thirds of its lifetime', dueSecret, settled, 'stage-next next-ca', DUE_CA, dueSecret],
	['a next CA that is not trusted long enough', staged, { trustedForMs: SETTLE_MS - 1 }],
	['a next CA in every caBundle', staged, settled, 'promote tls', TRUSTED, promoted(dueCa)],
	['promoted half a day ago', promoted(dueCa, fresh), settled],
	['promoted a day ago', promoted(dueCa, dayOld), none, 'drop-previous', UNUSED, secret(other, dayOld)],
	['the previous CA has expired', promoted(endedCa, fresh), none, 'drop-previous', UNUSED, secret(other, fresh)],
	['a next CA, and the clock went back', { ...valid, ...asNext(other) }, settled, 'promote tls', TRUSTED, promoted(ca)],
	// Rows with missing or invalid data.
	issue('no certificate', {}, ABSENT),
	issue('a key without its certificate', { 'tls.key': serving.key }, HALF),
	issue('an empty key', { 'tls.crt': serving.cert, 'tls.key': '' }, HALF),
	issue('a certificate that is not PEM', { ...both, 'tls.crt': 'hello' }, 'the certificate cannot be read'),
	issue('a key that is not PEM', { ...both, 'tls.key': 'hello' }, MISMATCH),
	issue('the key of another certificate', { ...both, 'tls.key': otherKey() }, MISMATCH),
	issue('an expired certificate', asTls(ended), 'the certificate has expired'),
	issue('a certificate that is not valid yet', asTls(early), 'the certificate is not valid yet'),
	issue('a certificate for other names', asTls(misnamed), 'the certificate is for other DNS names'),
	issue('a certificate of an unknown CA', asTls(dayOld), 'another CA issued the certificate'),
	// Rows with a CA whose key is lost and whose certificate is still valid.
	['no key of the CA', lostKey, none, 'stage-next next-ca', KEY_LOST, lostKey],
	['the key of another CA', { ...lostKey, 'ca.key': otherKey() }, none, 'stage-next next-ca', KEY_LOST, lostKey],
	['no Secret, a served trusted one', undefined, servedTrusted, 'stage-next next-ca', NO_CA, rescued],
	['no CA, a next CA in every caBundle', afterLoss, settled, 'promote tls', TRUSTED, promoted(ca)],
	['no Secret, a served unknown one', undefined, servedUnknown, 'bootstrap ca tls', NO_CA, none],
	['half a certificate beside a next CA, one is served', halfDue, { served: dueCaServing }, 'restore', HALF, staged],
	['no certificate beside a next CA, none is served', unstaged, none, 'promote tls', NOTHING_TO_KEEP, promoted(dueCa)],
	['another CA, a served trusted one', asCa(other), servedTrusted, 'restore', ABSENT, replaced],
	['another CA that is not trusted long enough', replaced, none],
	['another CA in every caBundle', replaced, settled, 'issue tls', FORMER, replaced],
	['an expired CA', secret(endedCa, dayOld), none, 'bootstrap ca tls', NO_CA, none],
	['a certificate that is not a CA', secret(serving, serving), none, 'bootstrap ca tls', NO_CA, none],
	['a next CA without key', withoutKey, none, 'cleanup', UNUSABLE, valid],
	['a due CA, the key of a next one', withoutCert, none, 'stage-next next-ca', DUE_CA, dueSecret],
];

describe('certificates: plan', () => {
	for (const [title, data, given, expected, reason, keep] of ROWS) {
		it(`${title} › ${expected ?? 'no step'}`, () => {
			const situation = situationOf(data, given);
			const before = structuredClone(situation);
			const step = planOf(situation);
			expect(step && [step.name, ...step.make].join(' ')).to.equal(expected);
			expect([step?.reason, step?.keep]).to.deep.equal([reason, keep]);
			expect(situation).to.deep.equal(before);
		});
	}

	it('five CAs in caBundles › at most three previous CAs are kept', async () => {
		const many = await Promise.all([1, 2, 3, 4, 5].map(() => newCa(1)));
		const step = planOf(situationOf(undefined, { caBundles: many.map(({ cert }) => cert) }));
		expect(step?.keep).to.deep.equal(asPrevious(...many.slice(0, 3)));
	});
});
