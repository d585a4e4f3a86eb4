/** Lease and Secret without an owner, or with one that is gone, on an API server with OwnerReferencesPermissionEnforcement. */
import { expect } from 'chai';
import { CERTIFICATE_SECRET } from '../../src/api/names.ts';
import { eventually } from '../harness/eventually.ts';
import { apply } from '../harness/product.ts';
import { NS, type Replica, useSelfManaged } from '../harness/self-managed.ts';

/** More than two thirds of the life of a certificate. */
const DUE_MS = 70 * 24 * 3_600_000;
const KEPT = [
	['lease', NS],
	['secret', CERTIFICATE_SECRET],
] as const;

describe('orphaned Lease and Secret on a real API server', function () {
	this.timeout(120_000);
	// The garbage collector is what orphans them.
	const stage = useSelfManaged({ controllerManager: true });
	const { plane, must, start, secret } = stage;

	const install = () =>
		apply(
			plane(),
			stage.objects().filter(({ kind }) => kind === 'Deployment'),
		);
	const metadataOf = async (
		kind: string,
		name: string,
	): Promise<{ uid: string; ownerReferences?: { uid: string }[] }> =>
		JSON.parse(await must(['get', kind, name, '-n', NS, '-o', 'json'])).metadata;
	/** The uid of the owner of each; undefined where it has none. */
	const owners = async (): Promise<(string | undefined)[]> =>
		Promise.all(KEPT.map(async ([kind, name]) => (await metadataOf(kind, name)).ownerReferences?.[0]?.uid));
	const holder = (): Promise<string> => must(['get', 'lease', NS, '-n', NS, '-o', 'jsonpath={.spec.holderIdentity}']);
	const stopped = async (replica: Replica): Promise<void> => {
		replica.process.kill('SIGTERM');
		await replica.ended;
	};
	let inUse: string | undefined;

	it('installed › both are created with the Deployment as their owner', async () => {
		await install();
		const replica = await start();
		const { uid } = await metadataOf('deployment', NS);
		expect(await owners()).to.deep.equal([uid, uid]);
		inUse = (await secret())?.data['tls.crt'];
		await stopped(replica);
	});

	it('kubectl delete --cascade=orphan › neither has an owner, and the permissions do not suffice to add one', async () => {
		await must(['delete', 'deployment', NS, '-n', NS, '--cascade=orphan']);
		await eventually(async () => expect(await owners()).to.deep.equal([undefined, undefined]));
		await install();
		const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: NS, uid: 'any' }];
		for (const [kind, name] of KEPT) {
			const object = JSON.parse(await must(['get', kind, name, '-n', NS, '-o', 'json']));
			const input = JSON.stringify({ ...object, metadata: { ...object.metadata, ownerReferences } });
			const { stderr } = await plane().kubectl(['replace', '-f', '-'], { user: 'webhook', input });
			expect(stderr).to.include("cannot set an ownerRef on a resource you can't delete");
		}
	});

	it('orphaned › a started replica leads and renews the certificate, and both stay without an owner', async () => {
		const replica = await start({ clockAheadMs: DUE_MS });
		await replica.said('leading');
		await eventually(async () => {
			const renewed = (await secret())?.data['tls.crt'];
			expect(renewed).to.be.a('string').and.not.equal(inUse);
			inUse = renewed;
		});
		expect(await holder()).not.to.equal('');
		expect(replica.saying('Lease cannot be acquired or renewed')).to.deep.equal([]);
		expect(replica.saying('certificates cannot be managed')).to.deep.equal([]);
		expect(await owners()).to.deep.equal([undefined, undefined]);
		await stopped(replica);
	});

	it('an owner that no longer exists › Kubernetes deletes both; the leader creates them again with its owner, and the same certificate', async () => {
		const replica = await start({ clockAheadMs: DUE_MS });
		await stage.register(replica);
		await eventually(async () => expect(await stage.caBundles()).not.to.include(''));
		const { uid } = await metadataOf('deployment', NS);
		const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: NS, uid: 'of-a-former-installation' }];
		const patch = JSON.stringify({ metadata: { ownerReferences } });
		for (const [kind, name] of KEPT) await must(['patch', kind, name, '-n', NS, '--type=merge', '-p', patch]);
		await eventually(async () => expect(await owners()).to.deep.equal([uid, uid]));
		expect((await secret())?.data['tls.crt'] === inUse, 'the certificate in use is still there').to.equal(true);
		await stopped(replica);
	});
});
