/** The plan as a table: which step follows from a Secret, the caBundles and the certificate that this replica serves. */
import { expect } from 'chai';
import { SETTLE_MS } from '../../../src/certificates/lifetimes.ts';
import { planOf, type Situation } from '../../../src/certificates/plan.ts';
import type { KeyPair, SecretData } from '../../../src/certificates/secret-data.ts';
import {
	asCa,
	asNext,
	asPrevious,
	asTls,
	authority,
	HOSTS,
	NOW_MS,
	otherKey,
	servingFor,
} from '../../harness/certificates.ts';

/** `step: reason`, the data that the step keeps, and what it makes. */
type Expected = readonly [step: string, keep: SecretData, make: string];
type Row = readonly [title: string, situation: Partial<Situation>, ...expected: Expected | []];

const situationOf = (situation: Partial<Situation>): Situation => ({
	...{ data: undefined, caBundles: [], trustedForMs: 0, served: undefined, hosts: HOSTS, nowMs: NOW_MS },
	...situation,
});
const secret = (ca: KeyPair, serving?: KeyPair, more: SecretData = {}): SecretData => ({
	...asCa(ca),
	...(serving !== undefined && asTls(serving)),
	...more,
});

const trustedForMs = SETTLE_MS;
const NO_CA = 'there is no valid authority';
const DUE_CA = 'two thirds of the life of the authority are over';
const TRUSTED = 'the next authority is trusted everywhere';
const UNUSED = 'nobody shows its certificates';
const HALF = 'half of the pair is missing';
const KEY_LOST = 'the key of the authority is missing';
const MISMATCH = 'certificate and key do not belong together';

// Two thirds of 90 days are 60, of 5 years 1216.67.
const ca = await authority(100);
const other = await authority(1);
const dueCa = await authority(1216.7);
const endedCa = await authority(1826);
const serving = await servingFor(ca, 10);
const dueServing = await servingFor(ca, 60.01);
const endedServing = await servingFor(ca, 91);
const early = await servingFor(ca, -1.05);
const misnamed = await servingFor(ca, 1, { hosts: ['webhook.example.com'] });
const dueCaServing = await servingFor(dueCa, 1);
const fresh = await servingFor(other, 0.5);
const dayOld = await servingFor(other, 1);
const both = asTls(serving);
const lostKey = { 'ca.crt': ca.cert, ...both };
const afterLoss = { ...asNext(other), ...asPrevious(ca), ...both };
const staged = secret(dueCa, dueCaServing, asNext(other));
const replaced = secret(other, serving, asPrevious(ca));

const VALID: readonly Row[] = [
	['no Secret', {}, `bootstrap: ${NO_CA}`, {}, 'ca tls'],
	['an empty Secret', { data: {} }, `bootstrap: ${NO_CA}`, {}, 'ca tls'],
	[
		'no Secret, another CA in a caBundle',
		{ caBundles: [other.cert, ''] },
		`bootstrap: ${NO_CA}`,
		asPrevious(other),
		'ca tls',
	],
	['CA and certificate are valid', { data: secret(ca, serving) }],
	['CA and certificate are valid, a caBundle is empty', { data: secret(ca, serving), caBundles: [''] }],
	['the issuing clock was 20 hours ahead', { data: secret(ca, await servingFor(ca, -20 / 24)) }],
	['the certificate before two thirds of its lifetime', { data: secret(ca, await servingFor(ca, 59.99)) }],
	[
		'the certificate after two thirds of its lifetime',
		{ data: secret(ca, dueServing) },
		'issue: two thirds of the life of the certificate are over',
		secret(ca, dueServing),
		'tls',
	],
	[
		'the CA after two thirds of its lifetime',
		{ data: secret(dueCa, dueCaServing), trustedForMs },
		`stage-next: ${DUE_CA}`,
		secret(dueCa, dueCaServing),
		'next-ca',
	],
	['a next CA that is not trusted long enough', { data: staged, trustedForMs: SETTLE_MS - 1 }],
	[
		'a next CA in every caBundle',
		{ data: staged, trustedForMs },
		`promote: ${TRUSTED}`,
		secret(other, undefined, asPrevious(dueCa)),
		'tls',
	],
	['promoted half a day ago', { data: secret(other, fresh, asPrevious(dueCa)), trustedForMs }],
	[
		'promoted a day ago',
		{ data: secret(other, dayOld, asPrevious(dueCa)) },
		`drop-previous: ${UNUSED}`,
		secret(other, dayOld),
		'',
	],
	[
		'promoted half a day ago, the previous CA has expired',
		{ data: secret(other, fresh, asPrevious(endedCa)) },
		`drop-previous: ${UNUSED}`,
		secret(other, fresh),
		'',
	],
	[
		'a next CA, and the clock went back',
		{ data: secret(ca, serving, asNext(other)), trustedForMs },
		`promote: ${TRUSTED}`,
		secret(other, undefined, asPrevious(ca)),
		'tls',
	],
];

const issue = (title: string, tls: SecretData, reason: string): Row => [
	title,
	{ data: secret(ca, undefined, tls) },
	`issue: ${reason}`,
	asCa(ca),
	'tls',
];

const DAMAGED: readonly Row[] = [
	issue('no certificate', {}, 'there is no certificate'),
	issue('a certificate without its key', { 'tls.crt': serving.cert }, HALF),
	issue('a key without its certificate', { 'tls.key': serving.key }, HALF),
	issue('an empty key', { 'tls.crt': serving.cert, 'tls.key': '' }, HALF),
	issue('a certificate that is not PEM', { ...both, 'tls.crt': 'hello' }, 'the certificate cannot be read'),
	issue('a key that is not PEM', { ...both, 'tls.key': 'hello' }, MISMATCH),
	issue('the key of another certificate', { ...both, 'tls.key': otherKey() }, MISMATCH),
	issue('an expired certificate', asTls(endedServing), 'the certificate has ended'),
	issue('a certificate that is not valid yet', asTls(early), 'the certificate is not valid yet'),
	issue('a certificate for other names', asTls(misnamed), 'the certificate is for other names'),
	issue('a certificate of an unknown CA', asTls(dayOld), 'the certificate is of another authority'),
	// A lost CA whose certificate is still valid.
	['no key of the CA', { data: lostKey }, `stage-next: ${KEY_LOST}`, lostKey, 'next-ca'],
	[
		'the key of another CA',
		{ data: { ...lostKey, 'ca.key': otherKey() } },
		`stage-next: ${KEY_LOST}`,
		lostKey,
		'next-ca',
	],
	[
		'no Secret, the served certificate is trusted',
		{ served: serving, caBundles: [ca.cert] },
		`stage-next: ${NO_CA}`,
		{ ...asPrevious(ca), ...both },
		'next-ca',
	],
	[
		'no CA, a next CA in every caBundle',
		{ data: afterLoss, trustedForMs },
		`promote: ${TRUSTED}`,
		secret(other, undefined, asPrevious(ca)),
		'tls',
	],
	[
		'no Secret, the served certificate is not trusted',
		{ served: serving, caBundles: [''] },
		`bootstrap: ${NO_CA}`,
		{},
		'ca tls',
	],
	[
		'half a certificate beside a next CA, this replica serves one',
		{ data: secret(dueCa, undefined, { ...asNext(other), 'tls.crt': 'hello' }), served: dueCaServing },
		`restore: ${HALF}`,
		staged,
		'',
	],
	[
		'no certificate beside a next CA, this replica serves none',
		{ data: secret(dueCa, undefined, asNext(other)) },
		'promote: there is no certificate that could be kept',
		secret(other, undefined, asPrevious(dueCa)),
		'tls',
	],
	[
		'another CA in the Secret, the served certificate is trusted',
		{ data: asCa(other), served: serving, caBundles: [ca.cert] },
		'restore: there is no certificate',
		replaced,
		'',
	],
	['another CA that is not trusted long enough', { data: replaced }],
	[
		'another CA in every caBundle',
		{ data: replaced, trustedForMs },
		'issue: the certificate is of a former authority',
		replaced,
		'tls',
	],
	['an expired CA', { data: secret(endedCa, dayOld) }, `bootstrap: ${NO_CA}`, {}, 'ca tls'],
	['a certificate that is not a CA', { data: secret(serving, serving) }, `bootstrap: ${NO_CA}`, {}, 'ca tls'],
	[
		'a next CA without its key',
		{ data: secret(ca, serving, { 'next-ca.crt': other.cert }) },
		'cleanup: the next authority cannot be used',
		secret(ca, serving),
		'',
	],
	[
		'a key of a next CA without certificate, CA is due',
		{ data: secret(dueCa, dueCaServing, { 'next-ca.key': other.key }) },
		`stage-next: ${DUE_CA}`,
		secret(dueCa, dueCaServing),
		'next-ca',
	],
];

describe('certificates: plan', () => {
	for (const [title, partial, expected, keep, make] of [...VALID, ...DAMAGED]) {
		it(`${title} › ${expected ?? 'no step'}`, () => {
			const situation = situationOf(partial);
			const before = structuredClone(situation);
			const step = planOf(situation);
			expect(step && `${step.name}: ${step.reason}`).to.equal(expected);
			expect(step?.keep).to.deep.equal(keep);
			expect(step?.make.join(' ')).to.equal(make);
			expect(situation).to.deep.equal(before);
		});
	}

	it('five CAs in caBundles › at most three previous CAs are kept', async () => {
		const many = await Promise.all([1, 2, 3, 4, 5].map(() => authority(1)));
		const step = planOf(situationOf({ caBundles: many.map(({ cert }) => cert) }));
		expect(step?.keep).to.deep.equal(asPrevious(...many.slice(0, 3)));
	});
});
