/**
 * A Lease and a Secret without an owner, or with an owner that does not exist. The API server has the admission plugin
 * OwnerReferencesPermissionEnforcement.
 */
import { expect } from 'chai';
import { CERTIFICATE_SECRET } from '../../src/api/names.ts';
import { eventually } from '../harness/eventually.ts';
import { apply } from '../harness/product.ts';
import { NS, type Replica, useSelfManaged } from '../harness/self-managed.ts';

/** More than two thirds of the lifetime of a certificate. */
const DUE_MS = 70 * 24 * 3_600_000;
const OWNED = [
	['lease', NS],
	['secret', CERTIFICATE_SECRET],
] as const;

describe('orphaned Lease and Secret on a real API server', function () {
	this.timeout(120_000);
	// The garbage collector in the controller manager orphans and deletes both objects.
	const { plane, must, start, secret, objects, applyWebhooks, caBundles } = useSelfManaged({ controllerManager: true });

	const deployments = () => objects().filter(({ kind }) => kind === 'Deployment');
	const install = () => apply(plane(), deployments());
	const read = async (kind: string, name: string) =>
		JSON.parse(await must(['get', kind, name, '-n', NS, '-o', 'json']));
	const uid = async (): Promise<string> => (await read('deployment', NS)).metadata.uid;
	/** Returns the owner uid of both objects, or undefined for an object without an owner. */
	const owners = (): Promise<(string | undefined)[]> =>
		Promise.all(OWNED.map(async ([kind, name]) => (await read(kind, name)).metadata.ownerReferences?.[0]?.uid));
	const referenceTo = (owner: string) => [{ apiVersion: 'apps/v1', kind: 'Deployment', name: NS, uid: owner }];
	const stop = async (replica: Replica): Promise<void> => {
		replica.process.kill('SIGTERM');
		await replica.ended;
	};
	let inUse: string | undefined;

	it('kubectl delete --cascade=orphan › a new replica leads and renews the certificate, and both objects stay without an owner', async () => {
		await install();
		const first = await start();
		expect(await owners()).to.deep.equal([await uid(), await uid()]);
		const { data } = (await secret()) ?? expect.fail('no Secret');
		await stop(first);
		await must(['delete', 'deployment', NS, '-n', NS, '--cascade=orphan']);
		await eventually(async () => expect(await owners()).to.deep.equal([undefined, undefined]));
		await install();
		const replica = await start({ clockAheadMs: DUE_MS });
		await replica.logged('leading');
		await eventually(async () => {
			inUse = (await secret())?.data['tls.crt'];
			expect(inUse).to.be.a('string').and.not.equal(data['tls.crt']);
		});
		expect((await read('lease', NS)).spec.holderIdentity).not.to.equal('');
		expect(replica.log('Lease cannot be acquired or renewed')).to.deep.equal([]);
		expect(await owners()).to.deep.equal([undefined, undefined]);
		await stop(replica);
	});

	it('an owner that does not exist › Kubernetes deletes both objects; the leader creates them again with the right owner and the same certificate', async () => {
		const replica = await start({ clockAheadMs: DUE_MS });
		await applyWebhooks(replica);
		await eventually(async () => expect(await caBundles()).not.to.include(''));
		const patch = JSON.stringify({ metadata: { ownerReferences: referenceTo('of-another-installation') } });
		for (const [kind, name] of OWNED) await must(['patch', kind, name, '-n', NS, '--type=merge', '-p', patch]);
		const expected = [await uid(), await uid()];
		await eventually(async () => expect(await owners()).to.deep.equal(expected));
		expect((await secret())?.data['tls.crt'] === inUse, 'the same certificate').to.equal(true);
		await stop(replica);
	});
});
