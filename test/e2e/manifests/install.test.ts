/** `kubectl apply -k` on a real API server: the API server accepts every object, and a second apply changes nothing. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, afterEach, before } from 'mocha';
import { needControlPlane } from '../../harness/control-plane/mocha.ts';
import { baseObjects, POD_MODE, ROOT, template } from '../../harness/manifest-files.ts';
import { mustSucceed } from '../../harness/product.ts';

const NS = 'toolhive-scaling';
const BASE = join(ROOT, 'manifests');
const CONFIGURATIONS = 'mutatingwebhookconfiguration,validatingwebhookconfiguration';

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
		// kubectl reports every PodDisruptionBudget as `configured`, because it always sends the selector. The object does
		// not change.
		expect(lines.filter((line) => !/ unchanged$|^poddisruptionbudget/.test(line))).to.deep.equal([]);
	};
	/** Creates certificates and returns their folder. */
	const makeCerts = (name: string, ...args: string[]): string => {
		const out = join(folder ?? '', name);
		const make = [join(ROOT, 'certs/make.ts'), '--out', out, ...args];
		const { status, stderr } = spawnSync(process.execPath, make, { encoding: 'utf8' });
		expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
		return out;
	};
	const caBundles = async (): Promise<string[]> => {
		const { items } = await read(CONFIGURATIONS);
		return (items as { webhooks: { clientConfig: { caBundle?: string } }[] }[]).flatMap(({ webhooks }) =>
			webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString()),
		);
	};
	// Keeps the namespace. Without controllers, a deleted namespace stays in `Terminating`, and cannot be created again.
	const remove = async (): Promise<void> => {
		await kubectl(['delete', `${CONFIGURATIONS},clusterrole,clusterrolebinding`, NS, '--ignore-not-found']);
		const namespaced = 'deployment,service,secret,serviceaccount,networkpolicy,poddisruptionbudget';
		await kubectl(['delete', namespaced, '--all', '-n', NS, '--ignore-not-found']);
	};
	before(async () => {
		await remove();
		folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-install-'));
	});
	after(async () => {
		// Without a control plane, the folder does not exist.
		if (folder === undefined) return;
		rmSync(folder, { recursive: true, force: true });
		await remove();
	});
	// No server answers these webhooks, so every write would be refused.
	afterEach(() => kubectl(['delete', CONFIGURATIONS, NS, '--ignore-not-found']));

	it('the base › every object is accepted, in order; a second apply changes nothing', async () => {
		const first = await apply(BASE);
		const kinds = baseObjects().map(({ kind }) => kind.toLowerCase());
		expect(first.map((line) => line.split(/[./]/)[0])).to.deep.equal(kinds);
		await expectNoChange(BASE);
	});

	it('the namespace › admits the pods of the product and no others', async () => {
		const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'try', namespace: NS } };
		const create = (spec: object) =>
			kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify({ ...pod, spec }));
		expect(await create(template().spec)).to.include({ code: 0, stderr: '' });
		const { stderr } = await create({ containers: [{ name: 'any', image: 'any' }] });
		expect(stderr).to.include('violates PodSecurity "restricted');
	});

	it('certificates made by certs/make.ts › one command, every webhook trusts the CA; a second apply changes nothing', async () => {
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
	});

	it('certs/make.ts --new-ca › every webhook trusts both CAs', async () => {
		const out = makeCerts('renewed');
		const previous = readFileSync(join(out, 'ca.crt'), 'utf8');
		makeCerts('renewed', '--new-ca');
		await apply(out);
		for (const bundle of await caBundles())
			expect(bundle)
				.to.match(/(BEGIN CERTIFICATE[\s\S]*){2}/)
				.and.include(previous);
	});

	it('pod mode with certificates made by certs/make.ts › the webhook for Pods also trusts the CA', async () => {
		await apply(makeCerts('pod-mode', '--base', POD_MODE));
		const bundles = await caBundles();
		expect(bundles).to.have.length(7).and.not.include('');
	});
});
