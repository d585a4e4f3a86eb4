import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { executeStep } from '../../../src/certificates/execute-step.ts';
import { DAY_MS } from '../../../src/certificates/lifetimes.ts';
import type { Step } from '../../../src/certificates/plan.ts';
import type { SecretData } from '../../../src/certificates/secret-data.ts';
import { asCa, HOSTS, NOW_MS, newCa } from '../../harness/certificates.ts';

describe('certificates: executeStep', () => {
	const run = (make: Step['make'], keep: SecretData = {}) =>
		executeStep({ name: 'bootstrap', reason: '', keep, make }, HOSTS, NOW_MS);
	const certIn = (data: SecretData, key: keyof SecretData) => new X509Certificate(data[key] ?? '');
	const endOf = (data: SecretData, key: keyof SecretData): number => certIn(data, key).validToDate.getTime();

	it('ca and tls › valid for five years and for ninety days, from the day before', async () => {
		const data = await run(['ca', 'tls']);
		const [ca, serving] = [certIn(data, 'ca.crt'), certIn(data, 'tls.crt')];
		expect(endOf(data, 'ca.crt')).to.equal(NOW_MS + 5 * 365 * DAY_MS);
		expect(endOf(data, 'tls.crt')).to.equal(NOW_MS + 90 * DAY_MS);
		for (const { validFromDate } of [ca, serving]) expect(validFromDate.getTime()).to.equal(NOW_MS - DAY_MS);
		// The object identifier of serverAuth, and the encoding of critical basic constraints without CA.
		expect(serving.keyUsage).to.deep.equal(['1.3.6.1.5.5.7.3.1']);
		expect(serving.raw.toString('hex')).to.include('551d130101ff04023000');
		expect(serving.checkIssued(ca) && serving.verify(ca.publicKey)).to.equal(true);
	});
	it('next-ca and tls › signed by the CA that is kept, and not valid for longer; other data is unchanged', async () => {
		const keep = { ...asCa(await newCa(10, { days: 40 })), 'former-ca.crt': 'x' };
		const data = await run(['next-ca', 'tls'], keep);
		expect(data).to.include(keep);
		expect(Object.keys(data)).to.have.members([
			...[...Object.keys(keep), 'next-ca.crt', 'next-ca.key', 'tls.crt', 'tls.key'],
		]);
		expect(certIn(data, 'tls.crt').checkIssued(certIn(keep, 'ca.crt'))).to.equal(true);
		expect(endOf(data, 'tls.crt')).to.equal(endOf(keep, 'ca.crt'));
	});
});
