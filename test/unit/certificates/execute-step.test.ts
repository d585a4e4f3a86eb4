import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { executeStep } from '../../../src/certificates/execute-step.ts';
import { DAY_MS } from '../../../src/certificates/lifetimes.ts';
import type { Step } from '../../../src/certificates/plan.ts';
import type { SecretData } from '../../../src/certificates/secret-data.ts';
import { asCa, authority, HOSTS, NOW_MS } from '../../harness/certificates.ts';

const endOf = (data: SecretData, key: 'ca.crt' | 'next-ca.crt' | 'tls.crt'): number =>
	new X509Certificate(data[key] ?? '').validToDate.getTime();

describe('certificates: executeStep', () => {
	const done = (make: Step['make'], keep: SecretData = {}) =>
		executeStep({ name: 'bootstrap', reason: '', keep, make }, HOSTS, NOW_MS);

	it('ca and tls › five years and ninety days, valid since a day ago', async () => {
		const data = await done(['ca', 'tls']);
		expect(endOf(data, 'ca.crt')).to.equal(NOW_MS + 5 * 365 * DAY_MS);
		expect(endOf(data, 'tls.crt')).to.equal(NOW_MS + 90 * DAY_MS);
		for (const key of ['ca.crt', 'tls.crt'] as const)
			expect(new X509Certificate(data[key] ?? '').validFromDate.getTime()).to.equal(NOW_MS - DAY_MS);
		const [ca, serving] = [new X509Certificate(data['ca.crt'] ?? ''), new X509Certificate(data['tls.crt'] ?? '')];
		expect(serving.checkIssued(ca) && serving.verify(ca.publicKey)).to.equal(true);
	});
	it('tls › signed by the CA that is kept; other data is unchanged', async () => {
		const keep = { ...asCa(await authority(1)), 'former-ca.crt': 'x' };
		const data = await done(['tls'], keep);
		expect(data).to.include(keep);
		expect(Object.keys(data)).to.have.members([...Object.keys(keep), 'tls.crt', 'tls.key']);
	});
	it('next-ca › added to the data', async () => {
		const keep = asCa(await authority(1));
		const data = await done(['next-ca'], keep);
		expect(data).to.include(keep).and.to.have.property('next-ca.key');
		expect(endOf(data, 'next-ca.crt')).to.equal(NOW_MS + 5 * 365 * DAY_MS);
	});
	it('the CA expires in 30 days › the certificate expires with it', async () => {
		const keep = asCa(await authority(10, { days: 40 }));
		expect(endOf(await done(['tls'], keep), 'tls.crt')).to.equal(endOf(keep, 'ca.crt'));
	});
});
