/** Our Secret in a cluster, as whoever may read and write Secrets sees it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CERTIFICATE_SECRET, CERTIFICATE_SECRET_TYPE } from '../../src/api/names.ts';
import { DAY_MS } from '../../src/certificates/lifetimes.ts';
import type { KeyPair, SecretData } from '../../src/certificates/secret-data.ts';
import { asCa, asTls, newCa, servingFor } from '../../test/harness/certificates.ts';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { mustSucceed } from '../../test/harness/product.ts';
import { NS, WEBHOOKS } from './installation.ts';

export async function storedData(plane: ControlPlane): Promise<SecretData> {
	const args = ['-n', NS, 'get', 'secret', CERTIFICATE_SECRET, '-o', 'json'];
	const { stdout } = await mustSucceed(plane.kubectl(args, { user: 'admin' }));
	const { data = {} } = JSON.parse(stdout) as { data?: Record<string, string> };
	const texts = Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]);
	return Object.fromEntries(texts) as SecretData;
}

export async function plant(plane: ControlPlane, data: SecretData): Promise<void> {
	const metadata = { name: CERTIFICATE_SECRET, namespace: NS };
	const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
	const type = CERTIFICATE_SECRET_TYPE;
	const secret = { apiVersion: 'v1', kind: 'Secret', metadata, type, data: Object.fromEntries(encoded) };
	await mustSucceed(plane.kubectl(['replace', '-f', '-'], { user: 'admin', input: JSON.stringify(secret) }));
}

/** An authority past two thirds of its life: the leader makes the next one as soon as it sees it. */
export const pastItsTime = (): Promise<KeyPair> => newCa(0, { now: new Date(Date.now() - 1217 * DAY_MS) });

/**
 * Puts an authority and a certificate of it in the place of ours, and resolves when every caBundle trusts it. Planting is no
 * rotation: until then calls fail. Resolves with its certificate, as PEM.
 */
export async function plantAuthority(plane: ControlPlane, pair: KeyPair): Promise<string> {
	const leaf = await servingFor(pair, 0, { now: new Date(Date.now() - DAY_MS) });
	await plant(plane, { ...asCa(pair), ...asTls(leaf) });
	await eventually(async () => {
		const args = ['get', WEBHOOKS, NS, '-o', 'jsonpath={.items[*].webhooks[*].clientConfig.caBundle}'];
		const bundles = (await mustSucceed(plane.kubectl(args))).stdout.split(' ');
		const isTrusted = bundles.every((bundle) => Buffer.from(bundle, 'base64').toString().includes(pair.cert));
		if (!isTrusted) throw new Error('a caBundle does not trust it yet');
	});
	// Every pod looks at the Secret at least this often, and the API server hears of caBundles through a watch.
	await sleep(LOOKED_AFTER_MS);
	return pair.cert;
}

const LOOKED_AFTER_MS = 8_000;
