/** `kubectl apply -k` on a real API server: everything is accepted, applied again changes nothing, and the permissions suffice. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, afterEach, before } from 'mocha';
import { CERTIFICATE_SECRET } from '../../../src/api/names.ts';
import { startCache } from '../../../src/cluster/cache.ts';
import { connect } from '../../../src/cluster/connect.ts';
import { needControlPlane } from '../../harness/control-plane/mocha.ts';
import { eventually } from '../../harness/eventually.ts';
import { baseObjects, POD_MODE, ROOT, template } from '../../harness/manifest-files.ts';
import { mustSucceed } from '../../harness/product.ts';

const NS = 'toolhive-scaling';
const BASE = join(ROOT, 'manifests');
const REGISTRATIONS = 'mutatingwebhookconfiguration,validatingwebhookconfiguration';

describe('manifests: installation', function () {
	this.timeout(90_000);
	const controlPlane = needControlPlane();
	let folder: string | undefined;
	const kubectl = (args: readonly string[], input?: string) =>
		controlPlane().kubectl(args, { user: 'admin', ...(input !== undefined && { input }) });
	const must = async (...args: string[]): Promise<string> => (await mustSucceed(kubectl(args))).stdout;
	const read = async (...args: string[]) => JSON.parse(await must('get', ...args, '-o', 'json'));
	const apply = async (overlay: string): Promise<string[]> => {
		const { code, stdout, stderr } = await kubectl(['apply', '-k', overlay]);
		expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
		return stdout.trim().split('\n');
	};
	const expectNoChange = async (overlay: string): Promise<void> => {
		const versions = 'jsonpath={range .items[*]}{.kind} {.metadata.resourceVersion}{"\\n"}{end}';
		const before = await must('get', '-k', overlay, '-o', versions);
		const lines = await apply(overlay);
		expect(await must('get', '-k', overlay, '-o', versions)).to.equal(before);
		// kubectl says `configured` of every PodDisruptionBudget: it always sends the selector, which changes nothing.
		expect(lines.filter((line) => !/ unchanged$|^poddisruptionbudget/.test(line))).to.deep.equal([]);
	};
	/** The folder they are in. */
	const makeCerts = (name: string, ...args: string[]): string => {
		const out = join(folder ?? '', name);
		const make = [join(ROOT, 'certs/make.ts'), '--out', out, ...args];
		const { status, stderr } = spawnSync(process.execPath, make, { encoding: 'utf8' });
		expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
		return out;
	};
	const caBundles = async (): Promise<string[]> => {
		const { items } = await read(REGISTRATIONS);
		return (items as { webhooks: { clientConfig: { caBundle?: string } }[] }[]).flatMap(({ webhooks }) =>
			webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString()),
		);
	};
	/** Whether our ServiceAccount may. */
	const may = async (question: string): Promise<boolean> => {
		const { stdout } = await controlPlane().kubectl(['auth', 'can-i', ...question.split(' ')], { user: 'webhook' });
		return stdout.trim() === 'yes';
	};
	const expectPermissions = async (isAllowed: boolean, ...questions: string[]): Promise<void> => {
		for (const question of questions) expect(await may(question), question).to.equal(isAllowed);
	};

	// Everything but the namespace, which nobody could make again: without controllers it stays in `Terminating`.
	const remove = async (): Promise<void> => {
		await kubectl(['delete', `${REGISTRATIONS},clusterrole,clusterrolebinding`, NS, '--ignore-not-found']);
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
	// They fail closed, and here no server answers.
	afterEach(() => kubectl(['delete', REGISTRATIONS, NS, '--ignore-not-found']));

	it('the base › accepted whole, in its order; applied again, nothing changes', async () => {
		const first = await apply(BASE);
		const kinds = baseObjects().map(({ kind }) => kind.toLowerCase());
		expect(first.map((line) => line.split(/[./]/)[0])).to.deep.equal(kinds);
		await expectNoChange(BASE);
	});

	it('the namespace › it admits our pods and no others', async () => {
		const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'try', namespace: NS } };
		const create = (spec: object) =>
			kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify({ ...pod, spec }));
		expect(await create(template().spec)).to.include({ code: 0, stderr: '' });
		const { stderr } = await create({ containers: [{ name: 'any', image: 'any' }] });
		expect(stderr).to.include('violates PodSecurity "restricted');
	});

	it('the ServiceAccount › it may watch what the code watches, and read no Secret but ours', async () => {
		await apply(BASE);
		const connection = await connect(controlPlane().kubeconfig('webhook'));
		const none = (): undefined => undefined;
		const projections = { server: none, deployment: none, runConfig: none, autoscaler: none, keySpace: none };
		const cache = startCache(connection, projections, none);
		await eventually(async () => {
			for (const [name, watch] of Object.entries(cache.watches)) expect(watch.hasSynced(), name).to.equal(true);
		});
		cache.stop();
		await connection.close();
		const verbs = ['get', 'list', 'watch', 'update', 'patch', 'delete'].map((verb) => `${verb} secrets -n ${NS}`);
		const elsewhere = [`get secrets/${CERTIFICATE_SECRET} -n default`, 'create secrets -n default'];
		await expectPermissions(false, ...verbs, ...elsewhere);
		await expectPermissions(true, ...['get', 'update'].map((verb) => `${verb} secrets/${CERTIFICATE_SECRET} -n ${NS}`));
		for (const kind of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']) {
			await expectPermissions(true, `patch ${kind}/${NS}`);
			await expectPermissions(false, `patch ${kind}/another`, `list ${kind}`);
		}
	});

	it('certificates made by certs/make.ts › one command, every webhook trusts the CA; applied again, nothing changes', async () => {
		const out = makeCerts('certs');
		await apply(out);
		expect(new Set(await caBundles())).to.deep.equal(new Set([readFileSync(join(out, 'ca.crt'), 'utf8')]));
		const { type, data } = await read('secret', 'toolhive-scaling-tls', '-n', NS);
		expect(type).to.equal('kubernetes.io/tls');
		expect(Buffer.from(data['tls.crt'], 'base64').toString()).to.equal(readFileSync(join(out, 'tls.crt'), 'utf8'));
		const { spec } = (await read('deployment', NS, '-n', NS)).spec.template;
		expect(spec.containers[0].args).to.deep.equal(['serve', '--tls-dir=/tls']);
		expect(spec.volumes[0].secret.secretName).to.equal('toolhive-scaling-tls');
		await expectNoChange(out);
		for (const secret of [CERTIFICATE_SECRET, 'toolhive-scaling-tls'])
			await expectPermissions(false, `get secrets/${secret} -n ${NS}`);
		await expectPermissions(false, `create secrets -n ${NS}`, `patch mutatingwebhookconfigurations/${NS}`);
		await expectPermissions(true, `update leases/${NS} -n ${NS}`, 'patch deployments -A');
	});

	it('certs/make.ts --new-ca › every webhook trusts both CAs', async () => {
		const out = makeCerts('renewed');
		const former = readFileSync(join(out, 'ca.crt'), 'utf8');
		makeCerts('renewed', '--new-ca');
		await apply(out);
		for (const bundle of await caBundles())
			expect(bundle)
				.to.match(/(BEGIN CERTIFICATE[\s\S]*){2}/)
				.and.include(former);
	});

	it('pod mode, with and without certificates › the webhook of Pods and the flag', async () => {
		await apply(POD_MODE);
		const { webhooks } = await read('mutatingwebhookconfiguration', NS);
		expect(webhooks.map(({ name }: { name: string }) => name)).to.include('pods.mutate.toolhive-scaling.svc');
		const { containers } = (await read('deployment', NS, '-n', NS)).spec.template.spec;
		expect(containers[0].args).to.include('--password-env=pod');
		await apply(makeCerts('pod-mode', '--base', POD_MODE));
		const bundles = await caBundles();
		expect(bundles).to.have.length(7).and.not.include('');
	});
});
