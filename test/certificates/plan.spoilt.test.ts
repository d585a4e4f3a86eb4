/** The plan as a table: what is written next into a Secret that somebody spoilt. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { SETTLE_MS } from '../../src/certificates/lifetimes.ts';
import { planOf } from '../../src/certificates/plan.ts';
import type { SecretData } from '../../src/certificates/secret-data.ts';
import { follow, type Row, situationOf } from './plan-table.ts';
import { asCa, asFormer, asNext, asTls, authority, leafOf, otherKey } from './scene.ts';

/** Two thirds of 5 years are 1216.67. */
const DUE_CA = 1216.7;

async function table(): Promise<Row[]> {
	const ca = await authority(100);
	const other = await authority(1);
	const leaf = await leafOf(ca, 10);
	const dueCa = await authority(DUE_CA);
	const dueCaLeaf = await leafOf(dueCa, 1);
	const endedCa = await authority(1826, {});
	const endedLeaf = await leafOf(ca, 91);
	const foreign = await leafOf(other, 1);
	const misnamed = await leafOf(ca, 1, { hosts: ['webhook.example.com'] });
	const early = await leafOf(ca, -1.05);
	const settledMs = { trustedForMs: SETTLE_MS };
	return [
		...[
			['no leaf', {}, 'there is no certificate'],
			['a leaf without its key', { 'tls.crt': leaf.cert }, 'half of the pair is missing'],
			['a key without its leaf', { 'tls.key': leaf.key }, 'half of the pair is missing'],
			['an empty key', { 'tls.crt': leaf.cert, 'tls.key': '' }, 'half of the pair is missing'],
			['a leaf that is no PEM', { ...asTls(leaf), 'tls.crt': 'hello' }, 'the certificate cannot be read'],
			['a key that is no PEM', { ...asTls(leaf), 'tls.key': 'hello' }, 'certificate and key do not belong together'],
			['the key of another', { ...asTls(leaf), 'tls.key': otherKey() }, 'certificate and key do not belong together'],
			['a leaf that has ended', asTls(endedLeaf), 'the certificate has ended'],
			['a leaf from the future', asTls(early), 'the certificate is not valid yet'],
			['a leaf for other names', asTls(misnamed), 'the certificate is for other names'],
			['a leaf of an unknown authority', asTls(foreign), 'the certificate is of another authority'],
		].map(([what, tls, reason]) => ({
			it: String(what),
			held: { ...asCa(ca), ...(tls as SecretData) },
			step: `issue: ${reason}`,
			keep: asCa(ca),
			make: 'tls',
		})),

		// A spoilt authority, while its certificate still works.
		{
			it: 'the key of the authority is gone: over by way of a next one',
			held: { 'ca.crt': ca.cert, ...asTls(leaf) },
			step: 'stage-next: the key of the authority is missing',
			keep: { 'ca.crt': ca.cert, ...asTls(leaf) },
			make: 'next-ca',
		},
		{
			it: 'the key of another authority: the same, and it is not kept',
			held: { 'ca.crt': ca.cert, 'ca.key': otherKey(), ...asTls(leaf) },
			step: 'stage-next: the key of the authority is missing',
			keep: { 'ca.crt': ca.cert, ...asTls(leaf) },
			make: 'next-ca',
		},
		{
			it: 'the Secret is gone, we serve what callers trust: put back, with a next one',
			served: leaf,
			caBundles: [ca.cert],
			step: 'stage-next: there is no valid authority',
			keep: { ...asFormer(ca), ...asTls(leaf) },
			make: 'next-ca',
		},
		{
			it: 'and then',
			held: { ...asNext(other), ...asFormer(ca), ...asTls(leaf) },
			...settledMs,
			step: 'promote: the next authority is trusted everywhere',
			keep: { ...asCa(other), ...asFormer(ca) },
			make: 'tls',
		},
		{
			it: 'the Secret is gone, and what we serve nobody trusts any more',
			served: leaf,
			caBundles: [''],
			step: 'bootstrap: there is no valid authority',
			keep: {},
			make: 'ca tls',
		},
		{
			it: 'the leaf is spoilt during a change: ours is put back',
			held: { ...asCa(dueCa), ...asNext(other), 'tls.crt': 'hello' },
			served: dueCaLeaf,
			step: 'restore: half of the pair is missing',
			keep: { ...asCa(dueCa), ...asNext(other), ...asTls(dueCaLeaf) },
			make: '',
		},
		{
			it: 'the leaf is spoilt during a change, and we have none: over at once',
			held: { ...asCa(dueCa), ...asNext(other) },
			step: 'promote: there is no certificate that could be kept',
			keep: { ...asCa(other), ...asFormer(dueCa) },
			make: 'tls',
		},
		{
			it: 'another authority was put in: its certificate waits until it is trusted',
			held: asCa(other),
			served: leaf,
			caBundles: [ca.cert],
			step: 'restore: there is no certificate',
			keep: { ...asCa(other), ...asFormer(ca), ...asTls(leaf) },
			make: '',
		},
		{ it: 'and waits', held: { ...asCa(other), ...asFormer(ca), ...asTls(leaf) } },
		{
			it: 'and is made',
			held: { ...asCa(other), ...asFormer(ca), ...asTls(leaf) },
			...settledMs,
			step: 'issue: the certificate is of a former authority',
			keep: { ...asCa(other), ...asFormer(ca), ...asTls(leaf) },
			make: 'tls',
		},
		{
			it: 'an authority that has ended, with its leaf',
			held: { ...asCa(endedCa), ...asTls(foreign) },
			step: 'bootstrap: there is no valid authority',
			keep: {},
			make: 'ca tls',
		},
		{
			it: 'an authority that is none',
			held: { ...asCa(leaf), ...asTls(leaf) },
			step: 'bootstrap: there is no valid authority',
			keep: {},
			make: 'ca tls',
		},
		{
			it: 'half of a next one',
			held: { ...asCa(ca), 'next-ca.crt': other.cert, ...asTls(leaf) },
			step: 'cleanup: the next authority cannot be used',
			keep: { ...asCa(ca), ...asTls(leaf) },
			make: '',
		},
		{
			it: 'half of a next one, when one is due',
			held: { ...asCa(dueCa), 'next-ca.key': other.key, ...asTls(dueCaLeaf) },
			step: 'stage-next: two thirds of the life of the authority are over',
			keep: { ...asCa(dueCa), ...asTls(dueCaLeaf) },
			make: 'next-ca',
		},
	];
}

const rows = await table();

describe('certificates: plan for what is spoilt', () => {
	follow(rows);

	it('never trusts more than three former authorities', async () => {
		const many = await Promise.all([1, 2, 3, 4, 5].map(() => authority(1)));
		const step = planOf(situationOf({ caBundles: many.map(({ cert }) => cert) }));
		expect(step?.keep).to.deep.equal(asFormer(...many.slice(0, 3)));
	});
});
