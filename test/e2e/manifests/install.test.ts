/**
 * `kubectl apply -k` on a real API server, with the real CRDs from cert-manager and the Prometheus operator: the API
 * server accepts every object of the base and of each overlay, and a second apply changes nothing.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before } from 'mocha';
import { findCrds } from '../../../endurance/cert-manager/build.ts';
import { GoModuleMissing } from '../../../endurance/go-program.ts';
import { findOperatorCrds } from '../../../endurance/monitoring/programs.ts';
import { needControlPlane } from '../../harness/control-plane/mocha.ts';
import { baseObjects, POD_MODE, ROOT } from '../../harness/manifest-files.ts';
import { mustSucceed } from '../../harness/product.ts';
import { deploymentIn, NS, objectsIn } from '../chart.ts';

const BASE = join(ROOT, 'manifests');
const OVERLAYS = join(ROOT, 'manifests/overlays');

describe('manifests: installation', function () {
	this.timeout(90_000);
	// This suite needs its own control plane, because other suites must not find its CRDs.
	const controlPlane = needControlPlane({ isOwn: true });
	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-install-'));
	after(() => rmSync(folder, { recursive: true, force: true }));
	const kubectl = (args: readonly string[]) => controlPlane().kubectl(args, { user: 'admin' });
	const must = async (...args: string[]): Promise<string> => (await mustSucceed(kubectl(args))).stdout;
	const read = async (...args: string[]) => JSON.parse(await must('get', ...args, '-o', 'json'));
	const apply = async (overlay: string, ...how: string[]): Promise<string[]> => {
		const { code, stdout, stderr } = await kubectl(['apply', '-k', overlay, ...how]);
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
		const out = join(folder, name);
		const make = [join(ROOT, 'certs/make.ts'), '--out', out, ...args];
		const { status, stderr } = spawnSync(process.execPath, make, { encoding: 'utf8' });
		expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
		return out;
	};
	/** Checks that each of `count` webhooks trusts the CA in the folder. */
	const expectTrusted = async (count: number, out: string): Promise<void> => {
		const { items } = await read('mutatingwebhookconfiguration,validatingwebhookconfiguration');
		const bundles = (items as { webhooks: { clientConfig: { caBundle?: string } }[] }[]).flatMap(({ webhooks }) =>
			webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString()),
		);
		expect(bundles).to.deep.equal(Array(count).fill(readFileSync(join(out, 'ca.crt'), 'utf8')));
	};

	it('the base › every object is accepted, in order; a second apply changes nothing', async () => {
		const first = await apply(BASE);
		const kinds = baseObjects().map(({ kind }) => kind.toLowerCase());
		expect(first.map((line) => line.split(/[./]/)[0])).to.deep.equal(kinds);
		await expectNoChange(BASE);
	});

	it('certificates made by certs/make.ts › one command, every webhook trusts the CA, even in pod mode; a second apply changes nothing', async () => {
		const out = makeCerts('certs');
		await apply(out);
		await expectTrusted(6, out);
		const { type, data } = await read('secret', 'toolhive-scaling-tls', '-n', NS);
		expect(type).to.equal('kubernetes.io/tls');
		expect(Buffer.from(data['tls.crt'], 'base64').toString()).to.equal(readFileSync(join(out, 'tls.crt'), 'utf8'));
		const { spec } = (await read('deployment', NS, '-n', NS)).spec.template;
		expect(spec.containers[0].args).to.deep.equal(['serve', '--tls-dir=/tls']);
		expect(spec.volumes[0].secret.secretName).to.equal('toolhive-scaling-tls');
		await expectNoChange(out);
		const podMode = makeCerts('pod-mode', '--base', POD_MODE);
		await apply(podMode);
		await expectTrusted(7, podMode);
	});

	describe('overlays', () => {
		before('CRDs of other projects', async function () {
			this.timeout(600_000);
			try {
				for (const crds of [await findCrds(process.env), await findOperatorCrds(process.env)]) {
					const files = readdirSync(crds).filter((file) => file.endsWith('.yaml'));
					await must('create', ...files.flatMap((file) => ['-f', join(crds, file)]));
				}
				await must('wait', '--for=condition=Established', 'crd', '--all', '--timeout=120s');
			} catch (error) {
				if (!(error instanceof GoModuleMissing) || process.env['CI'] === 'true') throw error;
				process.stderr.write(`\n!! tests of the overlays are SKIPPED: ${error.message}\n\n`);
				this.skip();
			}
		});

		for (const overlay of readdirSync(OVERLAYS)) {
			it(`${overlay} › every object is accepted, without a warning or a permission for all Secrets`, async () => {
				await apply(join(OVERLAYS, overlay), '--dry-run=server');
				const objects = objectsIn(await must('kustomize', join(OVERLAYS, overlay)));
				const roles = objects.filter(({ kind }) => kind === 'ClusterRole');
				expect(roles).to.have.length(1);
				expect(JSON.stringify(roles)).not.to.match(/"(secrets|\*)"/);
			});
		}
		it('high-availability › three replicas, spread over hosts, and over zones where possible', async () => {
			const objects = objectsIn(await must('kustomize', join(OVERLAYS, 'high-availability')));
			const { replicas, template } = deploymentIn(objects).spec;
			expect(replicas).to.equal(3);
			const constraints = template.spec.topologySpreadConstraints;
			const whenUnsatisfiable = constraints.map((one) => one.whenUnsatisfiable);
			expect(whenUnsatisfiable).to.deep.equal(['DoNotSchedule', 'ScheduleAnyway']);
			expect(constraints[0]).to.include({ minDomains: 2, maxSkew: 1, nodeTaintsPolicy: 'Honor' });
		});
	});
});
