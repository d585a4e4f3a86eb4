import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { issueCa, issueServing, type KeyPair } from '../../../certs/issue.ts';
import { checkCaBundle } from '../../../src/doctor/ca-bundle.ts';
import type { ClusterReader } from '../../../src/doctor/cluster.ts';
import type { ServeFlags } from '../../../src/doctor/context.ts';
import { type Installation, installationOf } from '../../../src/doctor/installation.ts';
import type { InstalledWebhook } from '../../../src/doctor/webhook-configurations.ts';
import { contextOf, deploymentOf, fixes, refusal, sentences } from './results.ts';

const DAY_MS = 86_400_000;
const NOW = Date.now();
const inDays = (days: number): string => new Date(NOW + days * DAY_MS).toISOString().slice(0, 10);

const caBundle = (
	webhooks: readonly InstalledWebhook[],
	installation: Installation | undefined,
	cluster: Pick<ClusterReader, 'certificateInSecret' | 'certificatesAt'>,
	nowMs: number,
	isSelfManaged = false,
) => {
	const flags = { isSelfManaged } as ServeFlags;
	const webhooksByKind = async () => ({
		MutatingWebhookConfiguration: webhooks,
		ValidatingWebhookConfiguration: undefined,
	});
	const more = { webhooks, webhooksByKind, installation: async () => installation, flags, nowMs };
	return checkCaBundle(contextOf(cluster, more));
};

describe('doctor: caBundle', () => {
	let authority: KeyPair;
	let other: KeyPair;
	let serving: KeyPair;
	before(async () => {
		authority = await issueCa();
		other = await issueCa();
		serving = await issueServing(authority);
	});

	const webhook = (bundle: string, more: Partial<InstalledWebhook> = {}): InstalledWebhook => ({
		kind: 'MutatingWebhookConfiguration',
		name: 'servers.mutate.toolhive-scaling.svc',
		path: '/mutate',
		service: { namespace: 'toolhive-scaling', name: 'toolhive-scaling' },
		caBundle: Buffer.from(bundle).toString('base64'),
		rules: [],
		namespaceSelector: {},
		...more,
	});
	const volumes = [{ name: 'tls', secret: { secretName: 'tls' } }];
	const installation = installationOf(deploymentOf({}, { volumes }));
	const judged = async (webhooks: readonly InstalledWebhook[], shown: string | undefined | Error, nowMs = NOW) => {
		const show = async () => {
			if (shown instanceof Error) throw shown;
			return shown;
		};
		const cluster = { certificateInSecret: show, certificatesAt: async () => [(await show()) ?? ''] };
		return sentences(await caBundle(webhooks, installation, cluster, nowMs));
	};
	const SUBJECT = 'the caBundle of servers.mutate.toolhive-scaling.svc';

	it('the authority that signed it', async () => {
		expect(await judged([webhook(authority.cert)], serving.cert)).to.deep.equal([
			`ok: ${SUBJECT} trusts the certificate in Secret toolhive-scaling/tls, good until ${inDays(90)}`,
		]);
	});
	it('the previous CA beside the new one, in any order › ok', async () => {
		for (const bundle of [other.cert + authority.cert, authority.cert + other.cert])
			expect((await judged([webhook(bundle)], serving.cert))[0]).to.match(/^ok/);
	});
	it('the certificate itself', async () =>
		expect((await judged([webhook(serving.cert)], serving.cert))[0]).to.match(/^ok/));
	it('another authority of the same name', async () =>
		expect(await judged([webhook(other.cert)], serving.cert)).to.deep.equal([
			`fail: ${SUBJECT} does not trust the certificate in Secret toolhive-scaling/tls`,
		]));
	it('nothing', async () =>
		expect((await judged([webhook('')], serving.cert))[0]).to.match(/^fail: .* is empty: the API server trusts only/));
	it('nothing, at a URL that may have a public authority', async () =>
		expect((await judged([webhook('', { url: 'https://example.com/mutate' })], serving.cert))[0]).to.match(/^warn: /));
	it('no certificate', async () =>
		expect((await judged([webhook('hello')], serving.cert))[0]).to.match(/^fail: .* holds no certificate in PEM$/));
	it('a certificate that ends soon', async () =>
		expect(await judged([webhook(authority.cert)], serving.cert, NOW + 77 * DAY_MS)).to.deep.equal([
			`warn: the certificate in Secret toolhive-scaling/tls ends on ${inDays(90)}`,
		]));
	it('a certificate that has ended', async () =>
		expect((await judged([webhook(authority.cert)], serving.cert, NOW + 91 * DAY_MS))[0]).to.match(
			/^fail: the certificate in Secret toolhive-scaling\/tls ended on/,
		));
	it('a certificate or a CA that is not valid yet › a failure', async () => {
		const later = await issueServing(authority, { now: new Date(NOW + 5 * DAY_MS) });
		expect(await judged([webhook(authority.cert)], later.cert)).to.deep.equal([
			'fail: the certificate in Secret toolhive-scaling/tls is not valid yet',
		]);
		const young = await issueCa({ now: new Date(NOW + 5 * DAY_MS) });
		const early = await issueServing(young);
		expect(await judged([webhook(young.cert)], early.cert)).to.deep.equal([
			`fail: the authority in ${SUBJECT} is not valid yet`,
		]);
	});
	it('a certificate for another name', async () => {
		const elsewhere = await issueServing(authority, { hosts: ['example.com'] });
		expect(await judged([webhook(authority.cert)], elsewhere.cert)).to.deep.equal([
			'fail: the certificate in Secret toolhive-scaling/tls is not for toolhive-scaling.toolhive-scaling.svc',
		]);
	});
	it('a certificate for an address', async () => {
		const at = (url: string) => webhook(authority.cert, { url });
		expect((await judged([at('https://127.0.0.1:8443/mutate')], serving.cert))[0]).to.match(
			/^ok: .* trusts the certificate at https:\/\/127.0.0.1:8443, good/,
		);
		expect((await judged([at('https://[::1]/mutate')], serving.cert))[0]).to.match(/^ok: /);
		expect((await judged([at('https://127.0.0.2/mutate')], serving.cert))[0]).to.match(
			/^fail: .* is not for 127.0.0.2$/,
		);
	});
	it('a Secret that is not there', async () =>
		expect(await judged([webhook(authority.cert)], undefined)).to.deep.equal([
			'fail: Secret toolhive-scaling/tls is not there: the pods wait for their certificate',
		]));
	it('a Secret without a certificate', async () =>
		expect((await judged([webhook(authority.cert)], ''))[0]).to.equal(
			'fail: Secret toolhive-scaling/tls has no certificate in tls.crt',
		));
	it('a Secret that the caller may not read', async () =>
		expect((await judged([webhook(authority.cert)], refusal(403)))[0]).to.equal(
			'warn: the caBundle was not compared: you may not read Secret toolhive-scaling/tls',
		));
	it('a Secret that cannot be read for another reason › rejects', async () => {
		const error: unknown = await judged([webhook(authority.cert)], refusal(500)).catch((reason) => reason);
		expect(error).to.be.instanceOf(Error);
	});
	it('a URL that cannot be reached from here', async () => {
		const remote = webhook(authority.cert, { url: 'https://10.0.0.1/mutate' });
		expect((await judged([remote], new Error('no answer within 10 s')))[0]).to.equal(
			'warn: the certificate at https://10.0.0.1 was not seen from here: no answer within 10 s',
		);
	});
	it('no Deployment that mounts one', async () => {
		const cluster = { certificateInSecret: async () => '', certificatesAt: async () => [] };
		expect(sentences(await caBundle([webhook(authority.cert)], undefined, cluster, NOW))[0]).to.match(
			/^warn: .*not compared/,
		);
	});
	it('a Service in another namespace, whether there is a Deployment here or not', async () => {
		const theirs = webhook(authority.cert, { service: { namespace: 'elsewhere', name: 'toolhive-scaling' } });
		const cluster = { certificateInSecret: async () => serving.cert, certificatesAt: async () => [] };
		for (const installed of [installation, undefined]) {
			const said = await caBundle([theirs], installed, cluster, NOW);
			expect(sentences(said)).to.deep.equal([
				'fail: servers.mutate.toolhive-scaling.svc lead to Service elsewhere/toolhive-scaling, so they belong to another installation',
			]);
			expect(fixes(said)).to.deep.equal(['thv-scaling doctor --namespace elsewhere']);
		}
	});

	const injected = { injectedFrom: 'certs/toolhive-scaling' };
	for (const row of [
		{
			it: 'self-managed',
			isSelfManaged: true,
			bundle: /^the leader mends it within seconds.*: kubectl logs -n toolhive-scaling deployment\/toolhive-scaling$/,
			certificate: /^the leader mends it/,
		},
		{
			it: 'cert-manager',
			more: injected,
			bundle: /^cert-manager's cainjector writes it: kubectl get certificates,issuers -n certs$/,
			certificate: /^cert-manager makes it: kubectl get certificates,issuers -n certs$/,
		},
		{
			it: 'supplied by the user',
			bundle: /^set caBundle in both registrations to the authority that signed the certificate: certs\/README.md$/,
			certificate:
				/^renew the certificate in the Secret, and caBundle where the authority is another: certs\/README.md$/,
		},
	]) {
		it(`the fix: ${row.it}`, async () => {
			const cluster = { certificateInSecret: async () => serving.cert, certificatesAt: async () => [] };
			const fixOf = async (bundle: string, nowMs: number) =>
				fixes(await caBundle([webhook(bundle, row.more)], installation, cluster, nowMs, row.isSelfManaged))[0];
			expect(await fixOf('', NOW)).to.match(row.bundle);
			expect(await fixOf(other.cert, NOW)).to.match(row.bundle);
			expect(await fixOf(authority.cert, NOW + 91 * DAY_MS)).to.match(row.certificate);
		});
	}
	it('one webhook trusts another CA › a line of its own', async () => {
		const odd = webhook(other.cert, { name: 'odd' });
		expect(await judged([webhook(authority.cert), odd], serving.cert)).to.deep.equal([
			`ok: the caBundle of servers.mutate.toolhive-scaling.svc trusts the certificate in Secret toolhive-scaling/tls, good until ${inDays(90)}`,
			'fail: the caBundle of odd does not trust the certificate in Secret toolhive-scaling/tls',
		]);
	});
	it('different caBundles that all trust it › a warning', async () => {
		const said = await judged(
			[webhook(authority.cert), webhook(authority.cert + other.cert, { name: 'odd' })],
			serving.cert,
		);
		expect(said.at(-1)).to.equal('warn: the webhooks do not all have the same caBundle: there are 2');
	});
});
