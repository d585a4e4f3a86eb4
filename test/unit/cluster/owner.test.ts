/** Whose our Secret and Lease are: that they go with it, a real garbage collector shows in chart-install.test.ts. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import { createCertificateObjects } from '../../../src/cluster/certificate-objects.ts';
import { ApiError } from '../../../src/cluster/connect.ts';
import { createOwner, type Owner } from '../../../src/cluster/owner.ts';

const DEPLOYMENT = '/apis/apps/v1/namespaces/ns/deployments/toolhive-scaling';
const { signal } = new AbortController();
const reference = (uid: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'toolhive-scaling', uid });

describe('the owner of what we make', () => {
	const found = new Map<string, Json>();
	const sent: Json[] = [];
	const connection = {
		get: async (path: string) => found.get(path) ?? Promise.reject(new ApiError('not found', 404)),
		send: async (_method: string, _path: string, body: object) => {
			sent.push(body as Json);
			return {};
		},
	};
	beforeEach(() => {
		found.clear();
		sent.length = 0;
	});
	const install = (uid: string): void => void found.set(DEPLOYMENT, { metadata: { uid } });
	/** The metadata that `owner` sends for an object with `metadata`. */
	const written = (owner: Owner, metadata: Json): Promise<Json> => owner.write(metadata, async (sending) => sending);

	it('is nobody where nothing was installed', async () => {
		const owner = createOwner(connection, 'ns');
		await owner.find(signal);
		expect(await written(owner, { name: 'a' })).to.deep.equal({ name: 'a' });
	});
	it('is our Deployment, also after it is gone, and a new one as soon as it is seen', async () => {
		const owner = createOwner(connection, 'ns');
		install('1');
		await owner.find(signal);
		found.clear();
		await owner.find(signal);
		expect(await written(owner, { name: 'a' })).to.deep.equal({ name: 'a', ownerReferences: [reference('1')] });
		install('2');
		await owner.find(signal);
		expect(await written(owner, {})).to.deep.equal({ ownerReferences: [reference('2')] });
	});
	it('is left as somebody else wrote it', async () => {
		const owner = createOwner(connection, 'ns');
		install('1');
		await owner.find(signal);
		expect(await written(owner, { ownerReferences: [] })).to.deep.equal({ ownerReferences: [] });
	});
	it('of the Secret is written with it, also into one that has none yet', async () => {
		const objects = createCertificateObjects(connection, 'ns');
		install('1');
		await objects.writeSecret(undefined, {}, signal);
		const object = { metadata: { name: 'a', resourceVersion: '7' } };
		await objects.writeSecret({ object, isManaged: true, data: {} }, {}, signal);
		for (const { metadata } of sent) expect(metadata).to.deep.include({ ownerReferences: [reference('1')] });
		expect(sent[1]?.['metadata']).to.include({ resourceVersion: '7' });
	});
	it('that cannot be asked for keeps the Secret from being written, and it is tried again', async () => {
		const refusing = { ...connection, get: () => Promise.reject(new ApiError('no', 500)) };
		const { error } = await createCertificateObjects(refusing, 'ns')
			.writeSecret(undefined, {}, signal)
			.then(
				() => ({ error: undefined }),
				(thrown: unknown) => ({ error: thrown }),
			);
		expect(error).to.be.instanceOf(ApiError);
	});

	describe('owner › adding it is refused', () => {
		/** As OwnerReferencesPermissionEnforcement does it; `reason` is refused whatever is sent. */
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
		const known = async (): Promise<Owner> => {
			const owner = createOwner(connection, 'ns');
			install('1');
			await owner.find(signal);
			return owner;
		};
		const failure = (promise: Promise<unknown>): Promise<string> =>
			promise.then(
				() => 'none',
				(error: Error) => error.message,
			);
		const STORED = { name: 'a', uid: 'a-1' };

		it('403 on a stored object › written again without it, and no longer tried on that object', async () => {
			const owner = await known();
			const { attempts, send } = refusing(403);
			expect(await owner.write(STORED, send)).to.deep.equal(STORED);
			expect(await owner.write(STORED, send)).to.deep.equal(STORED);
			expect(attempts).to.deep.equal([{ ...STORED, ownerReferences: [reference('1')] }, STORED, STORED]);
		});
		it('an object created later under that name › gets the owner', async () => {
			const owner = await known();
			await owner.write(STORED, refusing(403).send);
			for (const metadata of [{ name: 'a' }, { name: 'a', uid: 'a-2' }])
				expect(await written(owner, metadata)).to.deep.equal({ ...metadata, ownerReferences: [reference('1')] });
		});
		it('403 for another reason › reported, and the owner is tried again', async () => {
			const owner = await known();
			const { attempts, send } = refusing(403, 'cannot update resource "leases"');
			for (const _ of [1, 2])
				expect(await failure(owner.write(STORED, send))).to.equal('cannot update resource "leases"');
			expect(attempts).to.have.length(4);
			expect(attempts[2]).to.deep.equal({ ...STORED, ownerReferences: [reference('1')] });
		});
		it('409, 500, and a refused creation › reported at once', async () => {
			const owner = await known();
			for (const [status, metadata] of [
				[409, STORED],
				[500, STORED],
				[403, { name: 'a' }],
			] as const) {
				const { attempts, send } = refusing(status, 'no');
				expect(await failure(owner.write(metadata, send))).to.equal('no');
				expect(attempts).to.have.length(1);
			}
		});
	});
});
