import { describe } from 'mocha';
import { SETTLE_MS } from '../../../src/certificates/lifetimes.ts';
import { asCa, asNext, asPrevious, asTls, authority, servingFor } from '../../harness/certificates.ts';
import { follow, type Row } from './plan-table.ts';

/** Two thirds of 90 days are 60, of 5 years 1216.67. */
const DUE_SERVING = 60.01;
const DUE_CA = 1216.7;

async function table(): Promise<Row[]> {
	const ca = await authority(100);
	const other = await authority(1);
	const serving = await servingFor(ca, 10);
	const dueCa = await authority(DUE_CA);
	const dueCaServing = await servingFor(dueCa, 1);
	const dueServing = await servingFor(ca, DUE_SERVING);
	const endedCa = await authority(1826, {});
	const hoursAhead = await servingFor(ca, -20 / 24);
	const fresh = await servingFor(other, 0.5);
	const dayOld = await servingFor(other, 1);
	const settledMs = { trustedForMs: SETTLE_MS };
	return [
		// Bootstrap.
		{ it: 'no Secret › bootstrap', step: 'bootstrap: there is no valid authority', keep: {}, make: 'ca tls' },
		{
			it: 'an empty Secret › bootstrap',
			held: {},
			step: 'bootstrap: there is no valid authority',
			keep: {},
			make: 'ca tls',
		},
		{
			it: 'no Secret, a caBundle with another CA › bootstrap keeps that CA trusted',
			caBundles: [other.cert, ''],
			step: 'bootstrap: there is no valid authority',
			keep: asPrevious(other),
			make: 'ca tls',
		},

		// Nothing to do.
		{ it: 'CA and certificate are valid › no step', held: { ...asCa(ca), ...asTls(serving) } },
		{
			it: 'CA and certificate are valid, caBundle is empty › no step',
			held: { ...asCa(ca), ...asTls(serving) },
			caBundles: [''],
		},
		{ it: 'a certificate issued by a clock 20 hours ahead › no step', held: { ...asCa(ca), ...asTls(hoursAhead) } },
		{
			it: 'the certificate shortly before two thirds of its lifetime › no step',
			held: { ...asCa(ca), ...asTls(await servingFor(ca, 59.99)) },
		},

		// The serving certificate.
		{
			it: 'the certificate after two thirds of its lifetime › issue',
			held: { ...asCa(ca), ...asTls(dueServing) },
			step: 'issue: two thirds of the life of the certificate are over',
			keep: { ...asCa(ca), ...asTls(dueServing) },
			make: 'tls',
		},

		// Rotation of the CA.
		{
			it: 'the CA after two thirds of its lifetime › stage-next',
			held: { ...asCa(dueCa), ...asTls(dueCaServing) },
			...settledMs,
			step: 'stage-next: two thirds of the life of the authority are over',
			keep: { ...asCa(dueCa), ...asTls(dueCaServing) },
			make: 'next-ca',
		},
		{
			it: 'the next CA is not trusted long enough › no step',
			held: { ...asCa(dueCa), ...asNext(other), ...asTls(dueCaServing) },
			trustedForMs: SETTLE_MS - 1,
		},
		{
			it: 'every caBundle contains the next CA › promote',
			held: { ...asCa(dueCa), ...asNext(other), ...asTls(dueCaServing) },
			...settledMs,
			step: 'promote: the next authority is trusted everywhere',
			keep: { ...asCa(other), ...asPrevious(dueCa) },
			make: 'tls',
		},
		{
			it: 'promoted half a day ago › no step',
			held: { ...asCa(other), ...asPrevious(dueCa), ...asTls(fresh) },
			...settledMs,
		},
		{
			it: 'promoted a day ago › drop-previous',
			held: { ...asCa(other), ...asPrevious(dueCa), ...asTls(dayOld) },
			step: 'drop-previous: nobody shows its certificates',
			keep: { ...asCa(other), ...asTls(dayOld) },
			make: '',
		},
		{
			it: 'the previous CA has expired › drop-previous at once',
			held: { ...asCa(other), ...asPrevious(endedCa), ...asTls(fresh) },
			step: 'drop-previous: nobody shows its certificates',
			keep: { ...asCa(other), ...asTls(fresh) },
			make: '',
		},
		{
			it: 'a next CA, and the clock went back › promote',
			held: { ...asCa(ca), ...asNext(other), ...asTls(serving) },
			...settledMs,
			step: 'promote: the next authority is trusted everywhere',
			keep: { ...asCa(other), ...asPrevious(ca) },
			make: 'tls',
		},
	];
}

const rows = await table();

describe('certificates: plan', () => {
	follow(rows);
});
