/** Reads and replaces the Secret that contains the certificates of the installed product. */
import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { CERTIFICATE_SECRET, CERTIFICATE_SECRET_TYPE } from '../../src/api/names.ts';
import { DAY_MS } from '../../src/certificates/lifetimes.ts';
import type { KeyPair, SecretData } from '../../src/certificates/secret-data.ts';
import { asCa, asTls, newCa, servingFor } from '../../test/harness/certificates.ts';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { mustSucceed } from '../../test/harness/product.ts';
import { caBundles, waitForWebhooks } from './installation.ts';
import { adminKubectl, NS, servedFingerprints } from './pods.ts';

export async function readSecret(plane: ControlPlane): Promise<SecretData> {
	const stdout = await adminKubectl(plane)('-n', NS, 'get', 'secret', CERTIFICATE_SECRET, '-o', 'json');
	const { data = {} } = JSON.parse(stdout) as { data?: Record<string, string> };
	const texts = Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]);
	return Object.fromEntries(texts) as SecretData;
}

export async function replaceSecret(plane: ControlPlane, stringData: SecretData): Promise<void> {
	const metadata = { name: CERTIFICATE_SECRET, namespace: NS };
	const secret = { apiVersion: 'v1', kind: 'Secret', metadata, type: CERTIFICATE_SECRET_TYPE, stringData };
	await mustSucceed(plane.kubectl(['replace', '-f', '-'], { user: 'admin', input: JSON.stringify(secret) }));
}

/** Returns a CA that is past two thirds of its lifetime. The leader issues the next CA as soon as it reads this one. */
export const caDueForRotation = (): Promise<KeyPair> => newCa(0, { now: new Date(Date.now() - 1217 * DAY_MS) });

/**
 * Replaces the CA and the serving certificate. Writes fail for a short time, because this is not a rotation. Resolves
 * when every caBundle has the CA and every pod serves the certificate in the Secret.
 */
export async function replaceCa(plane: ControlPlane, ca: KeyPair): Promise<void> {
	const serving = await servingFor(ca, 0, { now: new Date(Date.now() - DAY_MS) });
	await replaceSecret(plane, { ...asCa(ca), ...asTls(serving) });
	await eventually(async () => {
		for (const bundle of await caBundles(plane)) expect(bundle).to.contain(ca.cert);
		await expectServed(plane, (await readSecret(plane))['tls.crt']);
	}, 60_000);
	await waitForWebhooks(plane);
}

/** Expects that both pods serve this certificate. */
export async function expectServed(plane: ControlPlane, pem = ''): Promise<void> {
	const { fingerprint256 } = new X509Certificate(pem);
	expect(await servedFingerprints(plane)).to.deep.equal([fingerprint256, fingerprint256]);
}
