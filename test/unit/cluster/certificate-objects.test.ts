/**
 * Tests the requests for the certificate Secret and the webhook configurations, and the owner of the Secret and the
 * Lease. The e2e tests use a real API server, and chart-install.test.ts a real garbage collector.
 */
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import { createCertificateObjects } from '../../../src/cluster/certificate-objects.ts';
import { ApiError } from '../../../src/cluster/connect.ts';
import { createOwner, type Owner } from '../../../src/cluster/owner.ts';

const SECRETS = '/api/v1/namespaces/ns/secrets';
const SECRET = `${SECRETS}/toolhive-scaling-certificates`;
const MUTATING = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/toolhive-scaling';
const DEPLOYMENT = '/apis/apps/v1/namespaces/ns/deployments/toolhive-scaling';
const TYPE = 'toolhive-scaling/certificates';
const { signal } = new AbortController();
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const deployment = (uid: string): Json => ({ metadata: { uid } });
const ownedBy = (uid: string) => ({
	ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'toolhive-scaling', uid }],
});

/** `found` has an object or the status of an error, by path. A missing object returns 404. */
function harness(found: Record<string, Json | number>) {
	const sent: [method: string, path: string, body: object][] = [];
	const connection = {
		get: async (path: string) => {
			const one = found[path] ?? 404;
			return typeof one === 'number' ? Promise.reject(new ApiError('no', one)) : one;
		},
		send: async (method: string, path: string, body: object) => sent.push([method, path, body]),
	};
	return { sent, connection, objects: createCertificateObjects(connection, 'ns') };
}

describe('certificate objects', () => {
	it('no Secret › created with type, labels and owner', async () => {
		const { sent, objects } = harness({ [DEPLOYMENT]: deployment('1') });
		await objects.writeSecret(await objects.getSecret(signal), { 'tls.crt': 'cert' }, signal);
		const labels = { 'app.kubernetes.io/name': 'toolhive-scaling', 'app.kubernetes.io/managed-by': 'toolhive-scaling' };
		const metadata = { namespace: 'ns', name: 'toolhive-scaling-certificates', labels, ...ownedBy('1') };
		const data = { 'tls.crt': base64('cert') };
		expect(sent).to.deep.equal([['POST', SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata, type: TYPE, data }]]);
	});

	it('a stored Secret › replaced as it was read, except for its data and owner', async () => {
		const metadata = { resourceVersion: '7', annotations: { a: 'x' } };
		const object = { metadata, type: TYPE, data: { old: base64('x') } };
		const { sent, objects } = harness({ [SECRET]: object, [DEPLOYMENT]: deployment('1') });
		const secret = await objects.getSecret(signal);
		expect(secret).to.deep.include({ isManaged: true, data: { old: 'x' } });
		await objects.writeSecret(secret, { 'ca.crt': 'ca' }, signal);
		const changes = { metadata: { ...metadata, ...ownedBy('1') }, data: { 'ca.crt': base64('ca') } };
		expect(sent).to.deep.equal([['PUT', SECRET, { ...object, ...changes }]]);
	});

	it('the Deployment cannot be read › the Secret is not written, and the write is retried', async () => {
		const { sent, objects } = harness({ [DEPLOYMENT]: 500 });
		const writing = objects.writeSecret(undefined, {}, signal);
		expect(await writing.catch((error: unknown) => error)).to.be.instanceOf(ApiError);
		expect(sent).to.deep.equal([]);
	});

	it('a Secret of another type › not managed; data that is not text › empty', async () => {
		const { objects } = harness({ [SECRET]: { type: 'kubernetes.io/tls', data: { 'tls.crt': 7 } } });
		expect(await objects.getSecret(signal)).to.deep.include({ isManaged: false, data: { 'tls.crt': '' } });
	});

	it('caBundle › written only to webhooks that call the product', async () => {
		const service = (namespace: string, name: string) => ({ clientConfig: { service: { namespace, name } } });
		const rows = [
			[service('other', 'toolhive-scaling'), false, 'Service other/toolhive-scaling', ''],
			[service('ns', 'toolhive-scaling'), true, 'Service ns/toolhive-scaling', ''],
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
		const change = { op: 'add', path: '/webhooks/1/clientConfig/caBundle', value: base64('pem') };
		expect(sent).to.deep.equal([['PATCH', MUTATING, [guard, change]]]);
	});
});

describe('owner', () => {
	const STORED = { name: 'a', uid: 'a-1' };
	const found: Record<string, Json> = {};
	let owner: Owner;
	beforeEach(async () => {
		found[DEPLOYMENT] = deployment('1');
		owner = createOwner(harness(found).connection, 'ns');
		await owner.find(signal);
	});
	/** Returns the metadata that is sent. */
	const written = (metadata: Json, by = owner): Promise<Json> => by.write(metadata, async (sending) => sending);

	it('the Deployment is deleted › still the owner; another one is created › the new one; none was ever found › none', async () => {
		delete found[DEPLOYMENT];
		await owner.find(signal);
		expect(await written({ name: 'a' })).to.deep.equal({ name: 'a', ...ownedBy('1') });
		found[DEPLOYMENT] = deployment('2');
		await owner.find(signal);
		expect(await written({})).to.deep.equal(ownedBy('2'));
		expect(await written({ name: 'a' }, createOwner(harness({}).connection, 'ns'))).to.deep.equal({ name: 'a' });
	});

	it('the object has ownerReferences › kept', async () =>
		expect(await written({ ownerReferences: [] })).to.deep.equal({ ownerReferences: [] }));

	/** Rejects writes as OwnerReferencesPermissionEnforcement does. With `reason`, rejects every write. */
	const refusing = (status: number, reason?: string) => {
		const attempts: Json[] = [];
		const send = async (metadata: Json): Promise<Json> => {
			attempts.push(metadata);
			if (reason !== undefined || metadata['ownerReferences'] !== undefined)
				throw new ApiError(reason ?? 'cannot set an ownerRef', status);
			return metadata;
		};
		return { attempts, send };
	};

	it('403 on a stored object › written without the owner, which is not tried again on that object', async () => {
		const { attempts, send } = refusing(403);
		for (const _ of [1, 2]) expect(await owner.write(STORED, send)).to.deep.equal(STORED);
		expect(attempts).to.deep.equal([{ ...STORED, ...ownedBy('1') }, STORED, STORED]);
		for (const metadata of [{ name: 'a' }, { name: 'a', uid: 'created later' }])
			expect(await written(metadata)).to.deep.equal({ ...metadata, ...ownedBy('1') });
	});

	for (const [title, status, metadata, count] of [
		['403 for another reason › reported, and the owner is tried again', 403, STORED, 2],
		['409 › reported at once', 409, STORED, 1],
		['403 for a new object › reported at once', 403, { name: 'a' }, 1],
	] as const) {
		it(title, async () => {
			const { attempts, send } = refusing(status, 'planted');
			for (const _ of [1, 2]) {
				const message: unknown = await owner.write(metadata, send).catch((error: Error) => error.message);
				expect(message).to.equal('planted');
			}
			expect(attempts).to.have.length(2 * count);
			expect(attempts[count]).to.deep.equal({ ...metadata, ...ownedBy('1') });
		});
	}
});
