/**
 * The rights of manifests/ against what the product does with them: everything it has a right for happens here, and the audit log of a
 * real API server says which calls that took.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after } from 'mocha';
import { issueCa, issueServing } from '../../certs/issue.ts';
import { asCa, asTls } from '../harness/certificates.ts';
import { USERS } from '../harness/control-plane/credentials.ts';
import { eventually } from '../harness/eventually.ts';
import { serverManifest } from '../harness/namespace.ts';
import { type Owner, proxyDeployment, runConfigMap } from '../harness/operator-writes.ts';
import { get } from '../harness/program.ts';
import { callsOf, compareRights } from '../harness/rights.ts';
import { HOST, handshake, NS, type SelfManaged, useSelfManaged } from '../harness/self-managed.ts';

const US = USERS.webhook.name;
const EVERY_CALL = { omitStages: ['RequestReceived'], rules: [{ level: 'Metadata' }] };
const HOME = 'demo';
const REDIS = { provider: 'redis', address: 'redis:6379', passwordRef: { name: 'redis', key: 'password' } };

/** What the reconciler has to do before anybody asks the webhooks: everything that it writes. */
async function makeWork({ must }: Pick<SelfManaged, 'must'>): Promise<void> {
	const stored = async (
		kind: string,
		name: string,
	): Promise<{ metadata: { uid: string }; spec: { replicas: number } }> =>
		JSON.parse(await must(['get', kind, name, '-n', HOME, '-o', 'json']));
	const create = (object: object) => must(['create', '-n', HOME, '-f', '-'], object);
	const make = async (kind: string, name: string, spec: object): Promise<Owner> => {
		await create(serverManifest(kind, name, spec));
		const { metadata } = await stored(kind, name);
		return { kind, name, namespace: HOME, uid: metadata.uid };
	};
	await must(['create', 'namespace', HOME]);
	// Two conditions each; an MCPServer that was there before, with everything it has; and an autoscaler, which is only looked at.
	await make('VirtualMCPServer', 'hub', { replicas: 2 });
	await make('MCPRemoteProxy', 'crm', { replicas: 2 });
	const search = await make('MCPServer', 'search', { transport: 'sse', replicas: 2, sessionStorage: REDIS });
	await create(proxyDeployment(search));
	await create(runConfigMap(search, '{"name":"search"}'));
	await eventually(async () => expect((await stored('deployment', 'search')).spec.replicas).to.equal(2));
	// The same Event twice is one that is patched.
	const files = await make('MCPServer', 'files', { transport: 'stdio' });
	await create(proxyDeployment(files));
	for (const _ of [1, 2]) {
		await must(['scale', 'deployment', 'files', '-n', HOME, '--replicas=3']);
		await eventually(async () => expect((await stored('deployment', 'files')).spec.replicas).to.equal(1));
	}
}

describe('rights: what is granted is what is used', function () {
	this.timeout(180_000);
	const FLAGS = ['--settle-seconds=1'];

	describe('with certificates of our own', () => {
		const stage = useSelfManaged({ auditPolicy: EVERY_CALL });
		const { plane, start, register, plant, secret, objects, expectCalled } = stage;

		it('every duty is done › no permission is unused, none is missing', async () => {
			const first = await start({ flags: FLAGS });
			const second = await start({ flags: FLAGS });
			await makeWork(stage);
			await register(first, second);
			const { data } = (await secret()) ?? expect.fail('no Secret');
			await plant({ ...data, 'tls.key': 'half a pair' });
			await eventually(expectCalled);
			await eventually(async () =>
				expect(compareRights(plane().auditLog(), objects(), US)).to.deep.equal({ unused: [], missing: [] }),
			);
			// The second one leads, renews, and ends as well.
			first.process.kill('SIGTERM');
			await second.said('leading');
			second.process.kill('SIGTERM');
			await second.ended;
			expect(compareRights(plane().auditLog(), objects(), US).missing).to.deep.equal([]);
		});

		it('of Secrets only that of toolhive-scaling is touched', () => {
			const touched = callsOf(plane().auditLog(), US).filter(({ resource }) => resource.startsWith('secrets'));
			const places = touched.map(({ verb, namespace, name }) => [verb, namespace, name].join(' '));
			expect(new Set(places)).to.deep.equal(
				// A create is logged without the name.
				new Set([`get ${NS} ${NS}-certificates`, `update ${NS} ${NS}-certificates`, `create ${NS} ${NS}-certificates`]),
			);
		});

		it('a permission that is planted › it is found', () => {
			const planted = objects().map((one) => {
				if (one.kind !== 'ClusterRole') return one;
				const { rules } = one as unknown as { rules: object[] };
				return { ...one, rules: [...rules, { apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] };
			});
			expect(compareRights(plane().auditLog(), planted, US).unused).to.deep.equal(['get secrets']);
		});
	});

	describe('with a certificate that somebody brings', () => {
		const stage = useSelfManaged({ auditPolicy: EVERY_CALL, overlay: 'manifests/overlays/provided-secret' });
		const { plane, start, register, plant, secret, objects } = stage;
		const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-rights-'));
		after(() => rmSync(folder, { recursive: true }));

		it('every duty is done › no permission is unused, none is missing; no call for a Secret or a webhook configuration', async () => {
			const authority = await issueCa();
			const serving = await issueServing(authority, { hosts: [HOST] });
			for (const [file, text] of Object.entries(asTls(serving))) writeFileSync(join(folder, file), text);
			// Half a pair, which a leader would fix.
			await plant(asCa(await issueCa()));
			const before = (await secret())?.version;
			const replica = await start({ flags: [...FLAGS, `--tls-dir=${folder}`] });
			await makeWork(stage);
			await register(replica);
			expect(String(await handshake(replica.webhookPort, authority.cert))).to.include('BEGIN CERTIFICATE');
			// The product does not know which CA signed it.
			expect((await get(replica.metricsPort, '/metrics')).body)
				.to.match(/^thv_scaling_certificate_expiry_timestamp_seconds \d+$/m)
				.and.not.match(/^thv_scaling_ca_expiry/m);
			await eventually(async () =>
				expect(compareRights(plane().auditLog(), objects(), US)).to.deep.equal({ unused: [], missing: [] }),
			);
			const touched = callsOf(plane().auditLog(), US).map(({ resource }) => resource);
			expect(touched.filter((resource) => /^secrets|registration/.test(resource))).to.deep.equal([]);
			expect((await secret())?.version).to.equal(before);
			expect(replica.lines().filter(({ level }) => Number(level) > 30)).to.deep.equal([]);
		});
	});
});
