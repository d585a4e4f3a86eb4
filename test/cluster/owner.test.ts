/** Whose our Secret and Lease are: that they go with it, a real garbage collector shows in chart-install.test.ts. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createCertificateObjects } from '../../src/cluster/certificate-objects.ts';
import { ApiError } from '../../src/cluster/connect.ts';
import { createOwner } from '../../src/cluster/owner.ts';
import type { Json } from '../../src/toolhive/types.ts';

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

	it('is nobody where nothing was installed', async () => {
		const owner = createOwner(connection, 'ns');
		await owner.look(signal);
		expect(owner.on({ name: 'a' })).to.deep.equal({ name: 'a' });
	});
	it('is our Deployment, also after it is gone, and a new one as soon as it is seen', async () => {
		const owner = createOwner(connection, 'ns');
		install('1');
		await owner.look(signal);
		found.clear();
		await owner.look(signal);
		expect(owner.on({ name: 'a' })).to.deep.equal({ name: 'a', ownerReferences: [reference('1')] });
		install('2');
		await owner.look(signal);
		expect(owner.on({})).to.deep.equal({ ownerReferences: [reference('2')] });
	});
	it('is left as somebody else wrote it', async () => {
		const owner = createOwner(connection, 'ns');
		install('1');
		await owner.look(signal);
		expect(owner.on({ ownerReferences: [] })).to.deep.equal({ ownerReferences: [] });
	});
	it('of the Secret is written with it, also into one that has none yet', async () => {
		const objects = createCertificateObjects(connection, 'ns');
		install('1');
		await objects.writeSecret(undefined, {}, signal);
		const object = { metadata: { name: 'a', resourceVersion: '7' } };
		await objects.writeSecret({ object, isOurs: true, data: {} }, {}, signal);
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
});
