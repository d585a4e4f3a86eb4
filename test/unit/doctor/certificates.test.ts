// First, before the x509 library: its dependency container refuses to load without this polyfill.
import 'reflect-metadata';
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { issueCa, issueServing, type KeyPair } from '../../../certs/issue.ts';
import { checkCaBundle } from '../../../src/doctor/ca-bundle.ts';
import { parseCertificates, trustedIssuer } from '../../../src/doctor/certificates.ts';
import type { InstalledWebhook } from '../../../src/doctor/webhook-configurations.ts';
import { contextOf, sentences } from './results.ts';

const DAY_MS = 86_400_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A certificate that looks like `authority`'s in every name and id, for another time, perhaps with another key. */
async function lookalike(authority: KeyPair, days: number, withItsKey: boolean): Promise<string> {
	const original = new x509.X509Certificate(authority.cert);
	const der = createPrivateKey(authority.key).export({ format: 'der', type: 'pkcs8' });
	const privateKey = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
	const publicKey = (await original.publicKey.export()) as webcrypto.CryptoKey;
	const own = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
	const made = await x509.X509CertificateGenerator.createSelfSigned({
		name: original.subject,
		notBefore: new Date(Date.now() - DAY_MS),
		notAfter: new Date(Date.now() + days * DAY_MS),
		keys: withItsKey ? { privateKey, publicKey } : own,
		signingAlgorithm: ALGORITHM,
		extensions: original.extensions,
	});
	return `${made.toString('pem')}\n`;
}

describe('doctor: certificates', () => {
	let authority: KeyPair;
	let serving: KeyPair;
	before(async () => {
		authority = await issueCa();
		serving = await issueServing(authority);
	});
	const read = (pem: string): X509Certificate => new X509Certificate(pem);

	it('trustedIssuer › compares the signature, not the name', async () => {
		const same = read(await lookalike(authority, 100, true));
		const forged = read(await lookalike(authority, 100, false));
		expect(read(serving.cert).checkIssued(forged), 'it looks the same').to.equal(true);
		expect(trustedIssuer([read(serving.cert)], [forged])).to.equal(undefined);
		expect(trustedIssuer([read(serving.cert)], [forged, same])).to.equal(same);
	});
	it('trustedIssuer › follows the chain', async () => {
		const root = read(authority.cert);
		expect(trustedIssuer([read(serving.cert), root], [root])).to.equal(root);
		expect(trustedIssuer([], [root])).to.equal(undefined);
	});
	it('a CA that expires before its certificate › a warning', async () => {
		const webhook: InstalledWebhook = {
			kind: 'MutatingWebhookConfiguration',
			name: 'one',
			path: '/',
			rules: [],
			namespaceSelector: {},
			url: 'https://127.0.0.1/',
			caBundle: Buffer.from(await lookalike(authority, 5, true)).toString('base64'),
		};
		const cluster = { certificateInSecret: async () => undefined, certificatesAt: async () => [serving.cert] };
		const webhooksByKind = async () => ({
			MutatingWebhookConfiguration: [webhook],
			ValidatingWebhookConfiguration: undefined,
		});
		const context = contextOf(cluster, { webhooks: [webhook], webhooksByKind, nowMs: Date.now() });
		expect(sentences(await checkCaBundle(context))[0]).to.match(
			/^warn: the authority in the caBundle of one ends on \d/,
		);
	});
	it('PEM', () => {
		expect(parseCertificates(`text\n${authority.cert}text\n${serving.cert}`)).to.have.length(2);
		expect(parseCertificates('text')).to.equal(undefined);
		expect(parseCertificates('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')).to.equal(undefined);
	});
});
