/**
 * Tests the cert-manager overlay with a real cert-manager and a real API server: issue, inject, serve, and renew while
 * the API server calls the webhooks.
 */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { after, before } from 'mocha';
import type { Json } from '../../src/api/types.ts';
import { needControlPlane } from '../../test/harness/control-plane/mocha.ts';
import { type RunningProgram, startProgram, waitUntilReady } from '../../test/harness/control-plane/processes.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { serverManifest } from '../../test/harness/namespace.ts';
import { apply, applyCrds, documentsOf, mustSucceed, ROOT } from '../../test/harness/product.ts';
import { type Program, startProgram as startProduct } from '../../test/harness/program.ts';
import { webhookConfigurationsIn } from '../../test/harness/webhook-configurations.ts';
import { CERT_MANAGER_VERSION, findCertManager, findCrds } from './build.ts';

const NS = 'toolhive-scaling';
const HOST = `${NS}.${NS}.svc`;
const ISSUED_MS = 60_000;

type Texts = Readonly<Record<'tls.crt' | 'tls.key' | 'ca.crt', string>>;

describe(`the cert-manager overlay with cert-manager ${CERT_MANAGER_VERSION}`, function () {
	this.timeout(180_000);
	const plane = needControlPlane({ isOwn: true });
	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-cert-manager-'));
	let certManager: RunningProgram | undefined;
	let product: Program | undefined;
	const must = async (...args: string[]): Promise<string> =>
		(await mustSucceed(plane().kubectl(args, { user: 'admin' }))).stdout;
	const read = async (...args: string[]) => JSON.parse(await must('get', '-n', NS, ...args, '-o', 'json'));

	before('cert-manager', async function () {
		this.timeout(20 * 60_000);
		const program = await findCertManager(process.env, (line) => void process.stderr.write(`${line}\n`));
		const crds = await findCrds(process.env);
		const files = readdirSync(crds).filter((file) => file.endsWith('.yaml'));
		await must('create', ...files.flatMap((file) => ['-f', join(crds, file)]));
		await applyCrds(plane());
		await must('wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s');
		const log = join(folder, 'cert-manager.log');
		certManager = startProgram('cert-manager', program, [plane().kubeconfig('admin')], log);
		await waitUntilReady(certManager, async () => readFileSync(log, 'utf8').includes('started'), ISSUED_MS);
	});
	after('cert-manager', async function () {
		this.timeout(60_000);
		await product?.kill();
		await certManager?.stop(15_000);
		rmSync(folder, { recursive: true, force: true });
	});

	const secret = async (name: string): Promise<Texts> => {
		const { data } = (await read('secret', name)) as { data: Record<string, string> };
		return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, atob(text)])) as Texts;
	};
	const caBundles = async (): Promise<string[]> => {
		const { items } = await read('mutatingwebhookconfigurations,validatingwebhookconfigurations');
		return (items as { webhooks: { clientConfig: { caBundle?: string } }[] }[]).flatMap(({ webhooks }) =>
			webhooks.map(({ clientConfig }) => atob(clientConfig.caBundle ?? '')),
		);
	};
	/** Writes the certificate to the volume as the kubelet does. */
	const mount = ({ 'tls.crt': cert, 'tls.key': key }: Texts): void => {
		writeFileSync(join(folder, 'tls.key'), key);
		writeFileSync(join(folder, 'tls.crt'), cert);
	};
	/** Requests a renewal as `cmctl renew` does. */
	const renew = async (certificate: string): Promise<void> => {
		const { status } = (await read('certificate', certificate)) as { status: { conditions: Json[]; revision: number } };
		const issuing = {
			...{ type: 'Issuing', status: 'True', reason: 'ManuallyTriggered', message: 'renewed by a test' },
			lastTransitionTime: `${new Date().toISOString().slice(0, 19)}Z`,
		};
		const patch = JSON.stringify({ status: { conditions: [...status.conditions, issuing] } });
		await must('patch', 'certificate', certificate, '-n', NS, '--subresource=status', '--type=merge', '-p', patch);
		await eventually(async () => {
			const now = (await read('certificate', certificate)) as { status: { revision: number } };
			expect(now.status.revision).to.equal(status.revision + 1);
		}, ISSUED_MS);
	};
	const server = serverManifest('MCPServer', 'web', { transport: 'stdio', replicas: 2 });
	const expectReviewed = async (): Promise<void> => {
		const { code, stderr } = await plane().kubectl(['create', '--dry-run=server', '-f', '-'], {
			input: JSON.stringify(server),
		});
		expect(stderr).to.include('stdio-replicas-capped');
		expect(code).to.equal(0);
	};

	it('applied twice › a certificate for the names of the Service, and its CA in every caBundle', async () => {
		const overlay = join(ROOT, 'manifests/overlays/cert-manager');
		await must('apply', '-k', overlay);
		await eventually(() => secret(`${NS}-tls`), ISSUED_MS);
		const { 'tls.crt': cert, 'ca.crt': ca } = await secret(`${NS}-tls`);
		const serving = new X509Certificate(cert);
		expect(serving.subjectAltName).to.equal(`DNS:${HOST}, DNS:${HOST}.cluster.local`);
		expect(serving.verify(new X509Certificate(ca).publicKey)).to.equal(true);
		await eventually(async () => expect(new Set(await caBundles())).to.deep.equal(new Set([ca])), ISSUED_MS);
		await must('apply', '-k', overlay);
		expect(new Set(await caBundles())).to.deep.equal(new Set([ca]));
	});

	it('the product serves the certificate › the API server trusts it', async () => {
		mount(await secret(`${NS}-tls`));
		const flags = [`--kubeconfig=${plane().kubeconfig('webhook')}`, `--tls-dir=${folder}`, '--reconcile=false'];
		product = startProduct(['serve', ...flags, '--webhook-port=0', '--metrics-port=0', '--drain-seconds=0']);
		const { webhookPort } = await product.logged('serving');
		await product.logged('ready');
		// The cluster has no Pods, so the Service refers to this machine.
		await must('delete', 'service', NS, '-n', NS);
		const spec = { type: 'ExternalName', externalName: 'localhost' };
		await apply(plane(), [{ apiVersion: 'v1', kind: 'Service', metadata: { name: NS, namespace: NS }, spec }]);
		const rendered = documentsOf(await must('kustomize', join(ROOT, 'manifests/overlays/cert-manager')));
		const pointed = webhookConfigurationsIn(rendered).map(({ webhooks, ...configuration }) => ({
			...configuration,
			webhooks: webhooks.map((webhook) => {
				const { service } = webhook.clientConfig as { service: object };
				return { ...webhook, clientConfig: { service: { ...service, port: webhookPort } } };
			}),
		}));
		await apply(plane(), pointed);
		await eventually(expectReviewed);
	});

	it('the CA is renewed › it keeps its key, and calls succeed before and after the pods get the new certificate', async () => {
		const before = await secret(`${NS}-tls`);
		await renew(`${NS}-authority`);
		await renew(NS);
		const now = await secret(`${NS}-tls`);
		expect(now['ca.crt']).not.to.equal(before['ca.crt']);
		expect(now['tls.key'], 'a new key each time').not.to.equal(before['tls.key']);
		// A cainjector before v1.19 does not keep the previous CA in the caBundle, so the new CA must verify the old
		// certificate.
		const [previous, newCa] = [new X509Certificate(before['tls.crt']), new X509Certificate(now['ca.crt'])];
		expect(previous.verify(newCa.publicKey)).to.equal(true);
		await eventually(async () => {
			for (const bundle of await caBundles()) expect(bundle).to.include(now['ca.crt'].trim());
		}, ISSUED_MS);
		// The API server watches the webhook configurations, and opens a new connection for a new CA.
		await sleep(3_000);
		await expectReviewed();
		mount(now);
		await product?.logged('certificate reloaded');
		await expectReviewed();
	});
});
