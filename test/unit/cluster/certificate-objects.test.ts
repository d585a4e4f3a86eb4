/**
 * Tests the requests for the certificate Secret and the webhook configurations. The e2e tests use a real API server.
 */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import { createCertificateObjects } from '../../../src/cluster/certificate-objects.ts';
import { ApiError } from '../../../src/cluster/connect.ts';

const SECRETS = '/api/v1/namespaces/ns/secrets';
const SECRET = `${SECRETS}/toolhive-scaling-certificates`;
const MUTATING = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/toolhive-scaling';
const TYPE = 'toolhive-scaling/certificates';
const { signal } = new AbortController();
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function harness(found: Readonly<Record<string, Json>>) {
	const sent: [method: string, path: string, body: object][] = [];
	const connection = {
		get: async (path: string) => found[path] ?? Promise.reject(new ApiError('not found', 404)),
		send: async (method: string, path: string, body: object) => sent.push([method, path, body]),
	};
	return { sent, objects: createCertificateObjects(connection, 'ns') };
}

describe('certificate objects', () => {
	it('no Secret › created with type and labels', async () => {
		const { sent, objects } = harness({});
		await objects.writeSecret(await objects.getSecret(signal), { 'tls.crt': 'cert' }, signal);
		expect(sent[0]?.slice(0, 2)).to.deep.equal(['POST', SECRETS]);
		expect(sent[0]?.[2]).to.deep.include({ type: TYPE, data: { 'tls.crt': base64('cert') } });
		const labels = { 'app.kubernetes.io/name': 'toolhive-scaling', 'app.kubernetes.io/managed-by': 'toolhive-scaling' };
		expect(sent[0]?.[2]).to.have.property('metadata').that.deep.includes({ labels });
	});

	it('a stored Secret › replaced as it was read, except for its data', async () => {
		const object = {
			metadata: { resourceVersion: '7', annotations: { a: 'x' } },
			type: TYPE,
			data: { old: base64('x') },
		};
		const { sent, objects } = harness({ [SECRET]: object });
		const secret = await objects.getSecret(signal);
		expect(secret).to.deep.include({ isManaged: true, data: { old: 'x' } });
		await objects.writeSecret(secret, { 'ca.crt': 'ca' }, signal);
		expect(sent).to.deep.equal([['PUT', SECRET, { ...object, data: { 'ca.crt': base64('ca') } }]]);
	});

	it('a Secret of another type › not managed; data that is not text › empty', async () => {
		const { objects } = harness({ [SECRET]: { type: 'kubernetes.io/tls', data: { 'tls.crt': 7 } } });
		expect(await objects.getSecret(signal)).to.deep.include({ isManaged: false, data: { 'tls.crt': '' } });
	});

	it('caBundle › written only to webhooks that call the product', async () => {
		const service = (namespace: string, name: string) => ({ clientConfig: { service: { namespace, name } } });
		const rows = [
			[service('ns', 'toolhive-scaling'), true, 'Service ns/toolhive-scaling', ''],
			[service('other', 'toolhive-scaling'), false, 'Service other/toolhive-scaling', ''],
			[service('ns', 'other'), false, 'Service ns/other', ''],
			[{ clientConfig: { url: 'https://example.com', caBundle: base64('x') } }, false, 'https://example.com', 'x'],
			[{}, false, 'undefined', ''],
		] as const;
		const webhooks = rows.map(([webhook], index) => ({ name: `webhook-${index}`, ...webhook }));
		const { sent, objects } = harness({ [MUTATING]: { metadata: { resourceVersion: '9' }, webhooks } });
		const [found, ...others] = await objects.getWebhookConfigurations(signal);
		if (found === undefined) throw new Error('not found');
		expect(others).to.deep.equal([]);
		const read = found.webhooks.map(({ isManaged, leadsTo, caBundle }) => [isManaged, leadsTo, caBundle]);
		expect(read).to.deep.equal(rows.map(([, ...expected]) => expected));
		await objects.writeCaBundle(found, 'pem', signal);
		const guard = { op: 'replace', path: '/metadata/resourceVersion', value: '9' };
		const change = { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: base64('pem') };
		expect(sent).to.deep.equal([['PATCH', MUTATING, [guard, change]]]);
	});
});
