/** Our Secret in a cluster, as whoever may read and write Secrets sees it. */
import type { Data } from '../../src/certificates/held.ts';
import { CERTIFICATE_SECRET, CERTIFICATE_SECRET_TYPE } from '../../src/toolhive/names.ts';
import type { ControlPlane } from '../control-plane/start.ts';
import { mustSucceed } from '../e2e/product.ts';
import { NS } from './installation.ts';

export async function storedData(plane: ControlPlane): Promise<Data> {
	const args = ['-n', NS, 'get', 'secret', CERTIFICATE_SECRET, '-o', 'json'];
	const { stdout } = await mustSucceed(plane.kubectl(args, { user: 'admin' }));
	const { data = {} } = JSON.parse(stdout) as { data?: Record<string, string> };
	const texts = Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]);
	return Object.fromEntries(texts) as Data;
}

export async function plant(plane: ControlPlane, data: Data): Promise<void> {
	const metadata = { name: CERTIFICATE_SECRET, namespace: NS };
	const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
	const type = CERTIFICATE_SECRET_TYPE;
	const secret = { apiVersion: 'v1', kind: 'Secret', metadata, type, data: Object.fromEntries(encoded) };
	await mustSucceed(plane.kubectl(['replace', '-f', '-'], { user: 'admin', input: JSON.stringify(secret) }));
}
