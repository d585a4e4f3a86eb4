/** `kubectl apply -k` against a real API server: everything is accepted, applied twice changes nothing, and the rights suffice. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { after, afterEach, before } from 'mocha';
import { connect } from '../../src/cluster/connect.ts';
import { remember } from '../../src/cluster/memory.ts';
import { CERTIFICATE_SECRET } from '../../src/toolhive/names.ts';
import { needControlPlane } from '../control-plane/mocha.ts';
import { baseObjects, POD_MODE, ROOT, template } from './read.ts';
import type { PodTemplate } from './types.ts';

interface Configuration {
	readonly webhooks: readonly { readonly name: string; readonly clientConfig: { readonly caBundle?: string } }[];
}

describe('manifests: installation', function () {
	this.timeout(90_000);
	const NS = 'toolhive-scaling';
	const controlPlane = needControlPlane();
	let folder: string | undefined;
	const kubectl = (args: readonly string[], input?: string) =>
		controlPlane().kubectl(args, { user: 'admin', ...(input !== undefined && { input }) });
	const apply = async (overlay: string): Promise<string[]> => {
		const { code, stdout, stderr } = await kubectl(['apply', '-k', overlay]);
		expect(stderr, 'warnings').to.equal('');
		expect(code).to.equal(0);
		return stdout.trim().split('\n');
	};
	const expectNoChange = async (overlay: string): Promise<void> => {
		const versions = [
			'get',
			'-k',
			overlay,
			'-o',
			'jsonpath={range .items[*]}{.kind} {.metadata.resourceVersion}{"\\n"}{end}',
		];
		const before = (await kubectl(versions)).stdout;
		const lines = await apply(overlay);
		expect((await kubectl(versions)).stdout)
			.to.equal(before)
			.and.include('Deployment ');
		// kubectl says `configured` of every PodDisruptionBudget: it always sends the selector, which changes nothing.
		expect(lines.filter((line) => !/ unchanged$|^poddisruptionbudget/.test(line))).to.deep.equal([]);
	};
	/** The folder they are in. */
	const makeCerts = (name: string, ...args: string[]): string => {
		const out = join(folder ?? '', name);
		const make = join(ROOT, 'certs/make.ts');
		const { status, stderr } = spawnSync(process.execPath, [make, '--out', out, ...args], { encoding: 'utf8' });
		expect(stderr).to.equal('');
		expect(status).to.equal(0);
		return out;
	};
	const configuration = async (kind: 'mutating' | 'validating'): Promise<Configuration> => {
		const { stdout } = await kubectl(['get', `${kind}webhookconfiguration`, 'toolhive-scaling', '-o', 'json']);
		return JSON.parse(stdout);
	};
	/** Whether our ServiceAccount may. */
	const may = async (...question: string[]): Promise<boolean> => {
		const { stdout } = await controlPlane().kubectl(['auth', 'can-i', ...question], { user: 'webhook' });
		return stdout.trim() === 'yes';
	};
	const caBundles = async (): Promise<string[]> =>
		[...(await configuration('mutating')).webhooks, ...(await configuration('validating')).webhooks].map(
			({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString(),
		);

	// Everything but the namespace, which nobody could make again: without controllers it stays in `Terminating`.
	const remove = async (): Promise<void> => {
		const kinds = 'mutatingwebhookconfiguration,validatingwebhookconfiguration,clusterrole,clusterrolebinding';
		await kubectl(['delete', kinds, 'toolhive-scaling', '--ignore-not-found']);
		const namespaced = 'deployment,service,secret,serviceaccount,networkpolicy,poddisruptionbudget';
		await kubectl(['delete', namespaced, '--all', '-n', NS, '--ignore-not-found']);
	};
	before(async () => {
		await remove();
		folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-install-'));
	});
	after(async () => {
		// Not made when there is no control plane.
		if (folder === undefined) return;
		rmSync(folder, { recursive: true, force: true });
		await remove();
	});
	// They fail closed, and here nobody answers.
	afterEach(() =>
		kubectl([
			'delete',
			'mutatingwebhookconfiguration,validatingwebhookconfiguration',
			'toolhive-scaling',
			'--ignore-not-found',
		]),
	);

	it('the base is accepted whole, in its order; a second time nothing changes', async () => {
		const first = await apply(join(ROOT, 'manifests'));
		expect(first).to.have.length(baseObjects().length);
		const names = baseObjects().map(({ kind }) => kind.toLowerCase());
		expect(first.map((line) => line.split(/[./]/)[0])).to.deep.equal(names);
		await expectNoChange(join(ROOT, 'manifests'));
	});

	it('with certificates: one command, each entry trusts the authority; a second time nothing changes', async () => {
		const out = makeCerts('certs');
		await apply(out);
		const authority = readFileSync(join(out, 'ca.crt'), 'utf8');
		expect(new Set(await caBundles())).to.deep.equal(new Set([authority]));
		const { stdout } = await kubectl(['get', 'secret', 'toolhive-scaling-tls', '-n', NS, '-o', 'json']);
		const { type, data } = JSON.parse(stdout) as { type: string; data: Record<string, string> };
		expect(type).to.equal('kubernetes.io/tls');
		expect(Buffer.from(data['tls.crt'] ?? '', 'base64').toString()).to.equal(
			readFileSync(join(out, 'tls.crt'), 'utf8'),
		);
		await expectNoChange(out);
	});

	it('with certificates, what runs mounts them, and may touch no Secret and no registration', async () => {
		await apply(makeCerts('provided'));
		const { stdout } = await kubectl(['get', 'deployment', NS, '-n', NS, '-o', 'json']);
		const { spec } = (JSON.parse(stdout) as { spec: { template: PodTemplate } }).spec.template;
		expect(spec.containers[0]?.args).to.deep.equal(['serve', '--tls-dir=/tls']);
		expect(spec.volumes[0]?.secret?.secretName).to.equal('toolhive-scaling-tls');
		expect(await may('create', 'secrets', '-n', NS)).to.equal(false);
		expect(await may('get', `secrets/${CERTIFICATE_SECRET}`, '-n', NS)).to.equal(false);
		expect(await may('get', 'secrets/toolhive-scaling-tls', '-n', NS)).to.equal(false);
		expect(await may('patch', 'mutatingwebhookconfigurations/toolhive-scaling')).to.equal(false);
		// Everything else is left.
		expect(await may('update', 'leases/toolhive-scaling', '-n', NS)).to.equal(true);
		expect(await may('patch', 'deployments', '-A')).to.equal(true);
		await apply(join(ROOT, 'manifests/overlays/provided-secret'));
		expect(await may('create', 'secrets', '-n', NS)).to.equal(false);
	});

	it('with a new authority: each entry trusts both', async () => {
		const out = makeCerts('renewed');
		const former = readFileSync(join(out, 'ca.crt'), 'utf8');
		makeCerts('renewed', '--new-ca');
		await apply(out);
		for (const bundle of await caBundles())
			expect(bundle)
				.to.match(/(BEGIN CERTIFICATE[\s\S]*){2}/)
				.and.include(former);
	});

	it('in pod mode, with and without certificates', async () => {
		await apply(POD_MODE);
		const { webhooks } = await configuration('mutating');
		expect(webhooks.map(({ name }) => name)).to.include('pods.mutate.toolhive-scaling.svc');
		const { stdout } = await kubectl([
			'get',
			'deployment',
			NS,
			'-n',
			NS,
			'-o',
			'jsonpath={.spec.template.spec.containers[0].args}',
		]);
		expect(JSON.parse(stdout)).to.include('--password-env=pod');
		const out = makeCerts('pod-mode', '--base', POD_MODE);
		await apply(out);
		const bundles = await caBundles();
		expect(bundles).to.have.length(6);
		expect(bundles).not.to.include('');
	});

	it('its pods are admitted by the namespace, others are not', async () => {
		await apply(join(ROOT, 'manifests'));
		const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'try', namespace: NS }, spec: template().spec };
		const create = (spec: object) =>
			kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify({ ...pod, spec }));
		expect(await create(pod.spec)).to.include({ code: 0, stderr: '' });
		expect((await create({ containers: [{ name: 'any', image: 'any' }] })).stderr).to.include(
			'violates PodSecurity "restricted',
		);
	});

	it('its ServiceAccount may watch what the code watches, and read no Secret but ours', async () => {
		await apply(join(ROOT, 'manifests'));
		const connection = await connect(controlPlane().kubeconfig('webhook'), false);
		const troubles: object[] = [];
		const nothing = (): undefined => undefined;
		const projections = {
			server: nothing,
			deployment: nothing,
			runConfig: nothing,
			autoscaler: nothing,
			keySpace: nothing,
		};
		const memory = remember(connection, projections, (message, detail) => troubles.push({ message, detail }));
		const isSynced = (): boolean => Object.values(memory.watches).every((watch) => watch.hasSynced());
		for (let tries = 0; tries < 50 && !isSynced(); tries += 1) await sleep(100);
		expect(isSynced(), JSON.stringify(troubles)).to.equal(true);
		expect(await memory.findDeployment('default', 'nobody', new AbortController().signal)).to.equal(undefined);
		memory.stop();
		await connection.close();
		for (const verb of ['get', 'list', 'watch', 'update', 'patch', 'delete'])
			expect(await may(verb, 'secrets', '-n', NS), verb).to.equal(false);
		for (const verb of ['get', 'update'])
			expect(await may(verb, `secrets/${CERTIFICATE_SECRET}`, '-n', NS), verb).to.equal(true);
		expect(await may('get', `secrets/${CERTIFICATE_SECRET}`, '-n', 'default')).to.equal(false);
		expect(await may('create', 'secrets', '-n', 'default')).to.equal(false);
		for (const kind of ['mutating', 'validating']) {
			expect(await may('patch', `${kind}webhookconfigurations/toolhive-scaling`)).to.equal(true);
			expect(await may('patch', `${kind}webhookconfigurations/another`)).to.equal(false);
			expect(await may('list', `${kind}webhookconfigurations`)).to.equal(false);
		}
	});
});
