/**
 * Tests the ownerReference in the Secret and the Lease. chart-install.test.ts shows that a real garbage collector
 * deletes both objects.
 */
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import { createCertificateObjects } from '../../../src/cluster/certificate-objects.ts';
import { ApiError } from '../../../src/cluster/connect.ts';
import { createOwner, type Owner } from '../../../src/cluster/owner.ts';

const { signal } = new AbortController();
const referenceTo = (uid: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'toolhive-scaling', uid });
const ownedBy = (uid: string) => ({ ownerReferences: [referenceTo(uid)] });
const STORED = { name: 'a', uid: 'a-1' };

describe('owner', () => {
	/** The uid of the product's Deployment, if it exists. */
	let uid: string | undefined;
	const sent: Json[] = [];
	const connection = {
		get: async (path: string) => {
			if (uid !== undefined && path.endsWith('/namespaces/ns/deployments/toolhive-scaling'))
				return { metadata: { uid } };
			throw new ApiError('not found', 404);
		},
		send: async (_method: string, _path: string, body: object) => {
			sent.push((body as { metadata: Json }).metadata);
			return {};
		},
	};
	beforeEach(() => {
		uid = '1';
		sent.length = 0;
	});
	const find = async (owner = createOwner(connection, 'ns')): Promise<Owner> => {
		await owner.find(signal);
		return owner;
	};
	/** Returns the metadata that `owner` sends. */
	const written = (owner: Owner, metadata: Json): Promise<Json> => owner.write(metadata, async (sending) => sending);

	it('no Deployment › none', async () => {
		uid = undefined;
		expect(await written(await find(), { name: 'a' })).to.deep.equal({ name: 'a' });
	});

	it('the Deployment is deleted › still the owner; another one is created › the new one', async () => {
		const owner = await find();
		uid = undefined;
		expect(await written(await find(owner), { name: 'a' })).to.deep.equal({ name: 'a', ...ownedBy('1') });
		uid = '2';
		expect(await written(await find(owner), {})).to.deep.equal(ownedBy('2'));
	});

	it('the object has ownerReferences › kept', async () =>
		expect(await written(await find(), { ownerReferences: [] })).to.deep.equal({ ownerReferences: [] }));

	it('the certificate Secret, new or stored › has the owner', async () => {
		const objects = createCertificateObjects(connection, 'ns');
		await objects.writeSecret(undefined, {}, signal);
		const object = { metadata: { name: 'a', resourceVersion: '7' } };
		await objects.writeSecret({ object, isManaged: true, data: {} }, {}, signal);
		for (const metadata of sent) expect(metadata).to.deep.include(ownedBy('1'));
		expect(sent[1]).to.include({ resourceVersion: '7' });
	});

	it('the Deployment cannot be read › the Secret is not written, and the write is retried', async () => {
		const failing = { ...connection, get: () => Promise.reject(new ApiError('no', 500)) };
		const writing = createCertificateObjects(failing, 'ns').writeSecret(undefined, {}, signal);
		expect(await writing.catch((error: unknown) => error)).to.be.instanceOf(ApiError);
		expect(sent).to.deep.equal([]);
	});

	/** Rejects writes as OwnerReferencesPermissionEnforcement does. With `reason`, rejects every write. */
	const refusing = (status: number, reason?: string) => {
		const attempts: Json[] = [];
		const send = async (metadata: Json): Promise<Json> => {
			attempts.push(metadata);
			if (reason !== undefined) throw new ApiError(reason, status);
			if (metadata['ownerReferences'] !== undefined) throw new ApiError('cannot set an ownerRef', status);
			return metadata;
		};
		return { attempts, send };
	};
	const messageOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch(({ message }: Error) => message);

	it('403 on a stored object › written without the owner, which is not tried again on that object', async () => {
		const owner = await find();
		const { attempts, send } = refusing(403);
		for (const _ of [1, 2]) expect(await owner.write(STORED, send)).to.deep.equal(STORED);
		expect(attempts).to.deep.equal([{ ...STORED, ...ownedBy('1') }, STORED, STORED]);
		for (const metadata of [{ name: 'a' }, { name: 'a', uid: 'created later' }])
			expect(await written(owner, metadata)).to.deep.equal({ ...metadata, ...ownedBy('1') });
	});

	it('403 for another reason › reported, and the owner is tried again', async () => {
		const owner = await find();
		const { attempts, send } = refusing(403, 'planted');
		for (const _ of [1, 2]) expect(await messageOf(owner.write(STORED, send))).to.equal('planted');
		expect(attempts).to.have.length(4);
		expect(attempts[2]).to.deep.equal({ ...STORED, ...ownedBy('1') });
	});

	for (const [title, status, metadata] of [
		['409', 409, STORED],
		['500', 500, STORED],
		['403 for a new object', 403, { name: 'a' }],
	] as const) {
		it(`${title} › reported at once`, async () => {
			const { attempts, send } = refusing(status, 'planted');
			expect(await messageOf((await find()).write(metadata, send))).to.equal('planted');
			expect(attempts).to.have.length(1);
		});
	}
});
