import { describe } from 'mocha';
import { SETTLE_MS } from '../../src/certificates/lifetimes.ts';
import { follow, type Row } from './plan-table.ts';
import { asCa, asFormer, asNext, asTls, authority, leafOf } from './scene.ts';

/** Two thirds of 90 days are 60, of 5 years 1216.67. */
const DUE_LEAF = 60.01;
const DUE_CA = 1216.7;

async function table(): Promise<Row[]> {
	const ca = await authority(100);
	const other = await authority(1);
	const leaf = await leafOf(ca, 10);
	const dueCa = await authority(DUE_CA);
	const dueCaLeaf = await leafOf(dueCa, 1);
	const dueLeaf = await leafOf(ca, DUE_LEAF);
	const endedCa = await authority(1826, {});
	const hoursAhead = await leafOf(ca, -20 / 24);
	const fresh = await leafOf(other, 0.5);
	const dayOld = await leafOf(other, 1);
	const settledMs = { trustedForMs: SETTLE_MS };
	return [
		// The beginning.
		{ it: 'no Secret', step: 'bootstrap: there is no valid authority', keep: {}, make: 'ca tls' },
		{ it: 'an empty Secret', held: {}, step: 'bootstrap: there is no valid authority', keep: {}, make: 'ca tls' },
		{
			it: 'no Secret, but a caBundle from before: it stays trusted',
			caBundles: [other.cert, ''],
			step: 'bootstrap: there is no valid authority',
			keep: asFormer(other),
			make: 'ca tls',
		},

		// Nothing to do.
		{ it: 'steady', held: { ...asCa(ca), ...asTls(leaf) } },
		{ it: 'steady, caBundle emptied: not for the Secret', held: { ...asCa(ca), ...asTls(leaf) }, caBundles: [''] },
		{ it: 'made by a clock many hours ahead', held: { ...asCa(ca), ...asTls(hoursAhead) } },
		{ it: 'just before two thirds', held: { ...asCa(ca), ...asTls(await leafOf(ca, 59.99)) } },

		// The serving certificate.
		{
			it: 'two thirds of the leaf',
			held: { ...asCa(ca), ...asTls(dueLeaf) },
			step: 'issue: two thirds of the life of the certificate are over',
			keep: { ...asCa(ca), ...asTls(dueLeaf) },
			make: 'tls',
		},

		// The authority, with everything in order: add, wait, change over, wait, drop.
		{
			it: 'two thirds of the authority',
			held: { ...asCa(dueCa), ...asTls(dueCaLeaf) },
			...settledMs,
			step: 'stage-next: two thirds of the life of the authority are over',
			keep: { ...asCa(dueCa), ...asTls(dueCaLeaf) },
			make: 'next-ca',
		},
		{
			it: 'the next one is there, and not trusted long enough',
			held: { ...asCa(dueCa), ...asNext(other), ...asTls(dueCaLeaf) },
			trustedForMs: SETTLE_MS - 1,
		},
		{
			it: 'the next one is trusted everywhere',
			held: { ...asCa(dueCa), ...asNext(other), ...asTls(dueCaLeaf) },
			...settledMs,
			step: 'promote: the next authority is trusted everywhere',
			keep: { ...asCa(other), ...asFormer(dueCa) },
			make: 'tls',
		},
		{
			it: 'changed over half a day ago',
			held: { ...asCa(other), ...asFormer(dueCa), ...asTls(fresh) },
			...settledMs,
		},
		{
			it: 'changed over a day ago',
			held: { ...asCa(other), ...asFormer(dueCa), ...asTls(dayOld) },
			step: 'drop-previous: nobody shows its certificates',
			keep: { ...asCa(other), ...asTls(dayOld) },
			make: '',
		},
		{
			it: 'a former one that has ended goes at once',
			held: { ...asCa(other), ...asFormer(endedCa), ...asTls(fresh) },
			step: 'drop-previous: nobody shows its certificates',
			keep: { ...asCa(other), ...asTls(fresh) },
			make: '',
		},
		{
			it: 'a next one that was begun is finished, though the clock went back',
			held: { ...asCa(ca), ...asNext(other), ...asTls(leaf) },
			...settledMs,
			step: 'promote: the next authority is trusted everywhere',
			keep: { ...asCa(other), ...asFormer(ca) },
			make: 'tls',
		},
	];
}

const rows = await table();

describe('certificates: plan', () => {
	follow(rows);
});
