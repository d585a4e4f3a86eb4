/** What is sent to the API server about our Secret and registrations, and what no error tells. The e2e tests ask a real one. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import { createCertificateObjects } from '../../../src/cluster/certificate-objects.ts';
import { ApiError, type Connection } from '../../../src/cluster/connect.ts';

const SECRET = '/api/v1/namespaces/ns/secrets/toolhive-scaling-certificates';
const MUTATING = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/toolhive-scaling';
const { signal } = new AbortController();
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function recorded(found: Readonly<Record<string, Json>>) {
	const sent: { method: string; path: string; body: object }[] = [];
	const connection: Pick<Connection, 'get' | 'send'> = {
		get: async (path) => found[path] ?? Promise.reject(new ApiError('not found', 404)),
		send: async (method, path, body) => {
			sent.push({ method, path, body });
			return {};
		},
	};
	return { sent, objects: createCertificateObjects(connection, 'ns') };
}

describe('our Secret and registrations as calls', () => {
	it('a Secret that is not there is made, with our type and labels', async () => {
		const { sent, objects } = recorded({});
		await objects.writeSecret(await objects.getSecret(signal), { 'tls.crt': 'cert' }, signal);
		expect(sent[0]).to.include({ method: 'POST', path: '/api/v1/namespaces/ns/secrets' });
		expect(sent[0]?.body).to.deep.include({
			type: 'toolhive-scaling/certificates',
			data: { 'tls.crt': base64('cert') },
		});
	});
	it('one that is there is replaced as it was read, but for its data', async () => {
		const metadata = { resourceVersion: '7', annotations: { mine: 'x' } };
		const object = { metadata, type: 'toolhive-scaling/certificates', data: { old: base64('x') } };
		const { sent, objects } = recorded({ [SECRET]: object });
		const secret = await objects.getSecret(signal);
		expect(secret).to.deep.include({ isManaged: true, data: { old: 'x' } });
		await objects.writeSecret(secret, { 'ca.crt': 'ca' }, signal);
		expect(sent).to.deep.equal([
			{ method: 'PUT', path: SECRET, body: { ...object, data: { 'ca.crt': base64('ca') } } },
		]);
	});
	it('one of another type is not ours, and odd data is empty', async () => {
		const { objects } = recorded({ [SECRET]: { type: 'kubernetes.io/tls', data: { 'tls.crt': 7 } } });
		expect(await objects.getSecret(signal)).to.deep.include({ isManaged: false, data: { 'tls.crt': '' } });
	});
	it('caBundle goes into the webhooks that lead to our Service, and into no other', async () => {
		const service = (namespace: string, name: string) => ({ clientConfig: { service: { namespace, name } } });
		const webhooks = [
			{ name: 'a', ...service('ns', 'toolhive-scaling') },
			{ name: 'b', ...service('other', 'toolhive-scaling') },
			{ name: 'c', ...service('ns', 'other') },
			{ name: 'd', clientConfig: { url: 'https://example.com', caBundle: base64('x') } },
			{ name: 'e' },
		];
		const { sent, objects } = recorded({ [MUTATING]: { metadata: { resourceVersion: '9' }, webhooks } });
		const [found, ...more] = await objects.getWebhookConfigurations(signal);
		expect(more).to.deep.equal([]);
		if (found === undefined) throw new Error('not found');
		expect(found.webhooks.map(({ isManaged, leadsTo, caBundle }) => [isManaged, leadsTo, caBundle])).to.deep.equal([
			[true, 'Service ns/toolhive-scaling', ''],
			[false, 'Service other/toolhive-scaling', ''],
			[false, 'Service ns/other', ''],
			[false, 'https://example.com', 'x'],
			[false, 'undefined', ''],
		]);
		await objects.writeCaBundle(found, 'pem', signal);
		expect(sent[0]).to.deep.equal({
			method: 'PATCH',
			path: MUTATING,
			body: [
				{ op: 'replace', path: '/metadata/resourceVersion', value: '9' },
				{ op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: base64('pem') },
			],
		});
	});
});
