/**
 * Compares the permissions in manifests/ with the calls by the product. This suite causes every call that needs a
 * permission, and reads the calls from the audit log of a real API server.
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
import { callsIn, comparePermissions } from '../harness/permissions.ts';
import { HOST, handshake, NS, type SelfManaged, useSelfManaged } from '../harness/self-managed.ts';

const USER = USERS.webhook.name;
const EVERY_CALL = { omitStages: ['RequestReceived'], rules: [{ level: 'Metadata' }] };
const FLAGS = ['--settle-seconds=1'];
const REDIS = { provider: 'redis', address: 'redis:6379', passwordRef: { name: 'redis', key: 'password' } };

/** Creates objects that cause every write by the reconciler. Must run before the webhooks exist. */
async function makeWork({ must }: Pick<SelfManaged, 'must'>): Promise<void> {
	const inNamespace = ['-n', 'demo'];
	const stored = async (kind: string, name: string) =>
		JSON.parse(await must(['get', kind, name, ...inNamespace, '-o', 'json']));
	const create = (object: object) => must(['create', ...inNamespace, '-f', '-'], object);
	const server = async (kind: string, name: string, spec: object): Promise<Owner> => {
		await create(serverManifest(kind, name, spec));
		return { kind, name, namespace: 'demo', uid: (await stored(kind, name)).metadata.uid };
	};
	const expectReplicas = (name: string, count: number): Promise<void> =>
		eventually(async () => expect((await stored('deployment', name)).spec.replicas).to.equal(count));
	await must(['create', 'namespace', 'demo']);
	await server('VirtualMCPServer', 'hub', { replicas: 2 });
	await server('MCPRemoteProxy', 'crm', { replicas: 2 });
	const search = await server('MCPServer', 'search', { transport: 'sse', replicas: 2, sessionStorage: REDIS });
	await create(proxyDeployment(search));
	await create(runConfigMap(search, '{"name":"search"}'));
	await expectReplicas('search', 2);
	// The product patches an Event that it reports again.
	await create(proxyDeployment(await server('MCPServer', 'files', { transport: 'stdio' })));
	for (const _ of [1, 2]) {
		await must(['scale', 'deployment', 'files', ...inNamespace, '--replicas=3']);
		await expectReplicas('files', 1);
	}
}

describe('permissions: granted and used', function () {
	this.timeout(180_000);

	describe('certificates that the product issues', () => {
		const cluster = useSelfManaged({ auditPolicy: EVERY_CALL });
		const { plane, start, applyWebhooks, writeSecret, secret, objects, expectCalled } = cluster;
		const compare = (all: readonly object[] = objects()) => comparePermissions(plane().auditLog(), all, USER);

		it('the product makes every call › no permission is unused or missing', async () => {
			const first = await start({ flags: FLAGS });
			const second = await start({ flags: FLAGS });
			await makeWork(cluster);
			await applyWebhooks(first, second);
			const { data } = (await secret()) ?? expect.fail('no Secret');
			await writeSecret({ ...data, 'tls.key': 'half a pair' });
			await eventually(expectCalled);
			await eventually(async () => expect(compare()).to.deep.equal({ unused: [], missing: [] }));
			// The second replica also becomes the leader, and exits.
			first.process.kill('SIGTERM');
			await second.logged('leading');
			second.process.kill('SIGTERM');
			await second.ended;
			expect(compare().missing).to.deep.equal([]);
		});

		it('Secrets › only that of toolhive-scaling is read or written', () => {
			const calls = callsIn(plane().auditLog(), USER).filter(({ resource }) => resource.startsWith('secrets'));
			const places = calls.map(({ verb, namespace, name }) => [verb, namespace, name].join(' '));
			const own = `${NS} ${NS}-certificates`;
			expect(new Set(places)).to.deep.equal(new Set([`get ${own}`, `update ${own}`, `create ${own}`]));
		});

		it('a rule is added, and another one removed › unused and missing', () => {
			const changed = objects().map((one) => {
				if (one.kind !== 'ClusterRole') return one;
				const rules = (one as unknown as { rules: object[] }).rules;
				const others = rules.filter((rule) => !JSON.stringify(rule).includes('"autoscaling"'));
				return { ...one, rules: [...others, { apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] };
			});
			const missing = ['list', 'watch'].map((verb) => `${verb} horizontalpodautoscalers.autoscaling`);
			expect(compare(changed)).to.deep.equal({ unused: ['get secrets'], missing });
		});
	});

	describe('a certificate in a folder', () => {
		const cluster = useSelfManaged({ auditPolicy: EVERY_CALL, overlay: 'manifests/overlays/provided-secret' });
		const { plane, start, applyWebhooks, writeSecret, secret, objects } = cluster;
		const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-permissions-'));
		after(() => rmSync(folder, { recursive: true }));

		it('the product makes every call › no permission is unused or missing; no call for a Secret or a webhook configuration', async () => {
			const ca = await issueCa();
			const serving = await issueServing(ca, { hosts: [HOST] });
			for (const [file, text] of Object.entries(asTls(serving))) writeFileSync(join(folder, file), text);
			// An incomplete key pair, which a leader would repair.
			await writeSecret(asCa(await issueCa()));
			const before = (await secret())?.version;
			const replica = await start({ flags: [...FLAGS, `--tls-dir=${folder}`] });
			await makeWork(cluster);
			await applyWebhooks(replica);
			expect(String(await handshake(replica.webhookPort, ca.cert))).to.include('BEGIN CERTIFICATE');
			await eventually(async () =>
				expect(comparePermissions(plane().auditLog(), objects(), USER)).to.deep.equal({ unused: [], missing: [] }),
			);
			const resources = callsIn(plane().auditLog(), USER).map(({ resource }) => resource);
			expect(resources.filter((resource) => /^secrets|webhookconfiguration/.test(resource))).to.deep.equal([]);
			expect((await secret())?.version).to.equal(before);
		});
	});
});
