/** The plan as a table: a Secret with missing or invalid data. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { SETTLE_MS } from '../../../src/certificates/lifetimes.ts';
import { planOf } from '../../../src/certificates/plan.ts';
import type { SecretData } from '../../../src/certificates/secret-data.ts';
import { asCa, asNext, asPrevious, asTls, authority, otherKey, servingFor } from '../../harness/certificates.ts';
import { follow, type Row, situationOf } from './plan-table.ts';

/** Two thirds of 5 years are 1216.67. */
const DUE_CA = 1216.7;

async function table(): Promise<Row[]> {
	const ca = await authority(100);
	const other = await authority(1);
	const serving = await servingFor(ca, 10);
	const dueCa = await authority(DUE_CA);
	const dueCaServing = await servingFor(dueCa, 1);
	const endedCa = await authority(1826, {});
	const endedServing = await servingFor(ca, 91);
	const foreign = await servingFor(other, 1);
	const misnamed = await servingFor(ca, 1, { hosts: ['webhook.example.com'] });
	const early = await servingFor(ca, -1.05);
	const settledMs = { trustedForMs: SETTLE_MS };
	return [
		...[
			['no certificate', {}, 'there is no certificate'],
			['a certificate without its key', { 'tls.crt': serving.cert }, 'half of the pair is missing'],
			['a key without its certificate', { 'tls.key': serving.key }, 'half of the pair is missing'],
			['an empty key', { 'tls.crt': serving.cert, 'tls.key': '' }, 'half of the pair is missing'],
			['a certificate that is not PEM', { ...asTls(serving), 'tls.crt': 'hello' }, 'the certificate cannot be read'],
			[
				'a key that is not PEM',
				{ ...asTls(serving), 'tls.key': 'hello' },
				'certificate and key do not belong together',
			],
			[
				'the key of another',
				{ ...asTls(serving), 'tls.key': otherKey() },
				'certificate and key do not belong together',
			],
			['an expired certificate', asTls(endedServing), 'the certificate has ended'],
			['a certificate that is not valid yet', asTls(early), 'the certificate is not valid yet'],
			['a certificate for other names', asTls(misnamed), 'the certificate is for other names'],
			['a certificate of an unknown CA', asTls(foreign), 'the certificate is of another authority'],
		].map(([what, tls, reason]) => ({
			it: `${what} › issue`,
			held: { ...asCa(ca), ...(tls as SecretData) },
			step: `issue: ${reason}`,
			keep: asCa(ca),
			make: 'tls',
		})),

		// A lost CA whose certificate is still valid.
		{
			it: 'the key of the CA is missing › stage-next',
			held: { 'ca.crt': ca.cert, ...asTls(serving) },
			step: 'stage-next: the key of the authority is missing',
			keep: { 'ca.crt': ca.cert, ...asTls(serving) },
			make: 'next-ca',
		},
		{
			it: 'the key of another CA › stage-next without that key',
			held: { 'ca.crt': ca.cert, 'ca.key': otherKey(), ...asTls(serving) },
			step: 'stage-next: the key of the authority is missing',
			keep: { 'ca.crt': ca.cert, ...asTls(serving) },
			make: 'next-ca',
		},
		{
			it: 'no Secret, the served certificate is trusted › stage-next keeps it',
			served: serving,
			caBundles: [ca.cert],
			step: 'stage-next: there is no valid authority',
			keep: { ...asPrevious(ca), ...asTls(serving) },
			make: 'next-ca',
		},
		{
			it: 'no CA, every caBundle contains the next CA › promote',
			held: { ...asNext(other), ...asPrevious(ca), ...asTls(serving) },
			...settledMs,
			step: 'promote: the next authority is trusted everywhere',
			keep: { ...asCa(other), ...asPrevious(ca) },
			make: 'tls',
		},
		{
			it: 'no Secret, the served certificate is not trusted › bootstrap',
			served: serving,
			caBundles: [''],
			step: 'bootstrap: there is no valid authority',
			keep: {},
			make: 'ca tls',
		},
		{
			it: 'half a certificate beside a next CA, this replica serves one › restore',
			held: { ...asCa(dueCa), ...asNext(other), 'tls.crt': 'hello' },
			served: dueCaServing,
			step: 'restore: half of the pair is missing',
			keep: { ...asCa(dueCa), ...asNext(other), ...asTls(dueCaServing) },
			make: '',
		},
		{
			it: 'no certificate beside a next CA, this replica serves none › promote at once',
			held: { ...asCa(dueCa), ...asNext(other) },
			step: 'promote: there is no certificate that could be kept',
			keep: { ...asCa(other), ...asPrevious(dueCa) },
			make: 'tls',
		},
		{
			it: 'another CA in the Secret, the served certificate is trusted › restore',
			held: asCa(other),
			served: serving,
			caBundles: [ca.cert],
			step: 'restore: there is no certificate',
			keep: { ...asCa(other), ...asPrevious(ca), ...asTls(serving) },
			make: '',
		},
		{
			it: 'another CA that is not trusted long enough › no step',
			held: { ...asCa(other), ...asPrevious(ca), ...asTls(serving) },
		},
		{
			it: 'another CA that every caBundle contains › issue',
			held: { ...asCa(other), ...asPrevious(ca), ...asTls(serving) },
			...settledMs,
			step: 'issue: the certificate is of a former authority',
			keep: { ...asCa(other), ...asPrevious(ca), ...asTls(serving) },
			make: 'tls',
		},
		{
			it: 'an expired CA › bootstrap',
			held: { ...asCa(endedCa), ...asTls(foreign) },
			step: 'bootstrap: there is no valid authority',
			keep: {},
			make: 'ca tls',
		},
		{
			it: 'a certificate that is not a CA › bootstrap',
			held: { ...asCa(serving), ...asTls(serving) },
			step: 'bootstrap: there is no valid authority',
			keep: {},
			make: 'ca tls',
		},
		{
			it: 'a next CA without its key › cleanup',
			held: { ...asCa(ca), 'next-ca.crt': other.cert, ...asTls(serving) },
			step: 'cleanup: the next authority cannot be used',
			keep: { ...asCa(ca), ...asTls(serving) },
			make: '',
		},
		{
			it: 'a key of a next CA without certificate, CA is due › stage-next',
			held: { ...asCa(dueCa), 'next-ca.key': other.key, ...asTls(dueCaServing) },
			step: 'stage-next: two thirds of the life of the authority are over',
			keep: { ...asCa(dueCa), ...asTls(dueCaServing) },
			make: 'next-ca',
		},
	];
}

const rows = await table();

describe('certificates: plan for damaged data', () => {
	follow(rows);

	it('five CAs in caBundles › at most three previous CAs are kept', async () => {
		const many = await Promise.all([1, 2, 3, 4, 5].map(() => authority(1)));
		const step = planOf(situationOf({ caBundles: many.map(({ cert }) => cert) }));
		expect(step?.keep).to.deep.equal(asPrevious(...many.slice(0, 3)));
	});
});
