/** The chart on a real API server, with Helm 4 and Helm 3: install, upgrade and uninstall, beside the product that leads. */
import { expect } from 'chai';
import { after, before } from 'mocha';
import { issueCa } from '../../../certs/issue.ts';
import { CERTIFICATE_SECRET } from '../../../src/api/names.ts';
import { needControlPlane } from '../../harness/control-plane/mocha.ts';
import { eventually } from '../../harness/eventually.ts';
import { HELM_VERSIONS, type HelmGeneration } from '../../harness/helm/build.ts';
import { useHelm } from '../../harness/helm/mocha.ts';
import { mustSucceed, readText } from '../../harness/product.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import { CHART, NS } from '../chart.ts';

const REGISTRATIONS = 'mutatingwebhookconfigurations,validatingwebhookconfigurations';
const CLUSTER_SCOPED = `clusterroles,clusterrolebindings,${REGISTRATIONS}`;
const GONE_MS = 30_000;

for (const generation of Object.keys(HELM_VERSIONS) as HelmGeneration[]) {
	describe(`chart: installation with Helm ${HELM_VERSIONS[generation]}`, function () {
		this.timeout(120_000);
		// Without the garbage collector nothing would go with its owner.
		const controlPlane = needControlPlane({ controllerManager: true, isOwn: true });
		const run = useHelm(generation);
		let leader: Program | undefined;
		before('namespaces', async () => {
			for (const namespace of [NS, 'second']) await must('create', 'namespace', namespace);
		});
		after('leader', async () => leader?.kill());

		const helm = (...args: string[]) => run(args, { kubeconfig: controlPlane().kubeconfig('admin') });
		const must = async (...args: string[]): Promise<string> =>
			(await mustSucceed(controlPlane().kubectl(args, { user: 'admin' }))).stdout.trim();
		const read = async (...args: string[]) => JSON.parse(await must('get', ...args, '-o', 'json'));
		/** Names of what is there, in all namespaces that are ours. */
		const left = async (): Promise<string[]> => {
			const names = await must('get', CLUSTER_SCOPED, '-o', 'name');
			const kinds = 'all,secrets,leases,roles,rolebindings,pdb,netpol,sa';
			const inNamespace = await must('get', kinds, '-n', NS, '-o', 'name');
			return `${names}\n${inNamespace}`.split('\n').filter((name) => name.includes('toolhive-scaling'));
		};
		const caBundles = async (): Promise<string[]> => {
			const { items } = await read(REGISTRATIONS);
			return (items as { webhooks: { clientConfig: { caBundle?: string } }[] }[]).flatMap(({ webhooks }) =>
				webhooks.map(({ clientConfig }) => clientConfig.caBundle ?? ''),
			);
		};

		const upgrade = async (...args: string[]): Promise<void> => {
			const { code, stderr } = await helm('upgrade', 'scaling', CHART, '--namespace', NS, ...args);
			expect(code, stderr).to.equal(0);
		};

		it('install › the notes have the commands that show that it works', async () => {
			const { code, stdout, stderr } = await helm('install', 'scaling', CHART, '--namespace', NS);
			expect({ code, stderr: stderr.replaceAll(/^(level=|I\d|W\d).*\n/gm, '') }).to.deep.equal({ code: 0, stderr: '' });
			expect(stdout).to.include(`kubectl rollout status --namespace ${NS} deployment/toolhive-scaling`);
			expect(stdout).to.include(`kubectl label namespace ${NS} pod-security.kubernetes.io/enforce=restricted`);
			const [, breakGlass] = /\n## Break-glass\n[^#]*?```sh\n(.+)\n/.exec(readText('docs/install.md')) ?? [];
			expect(stdout).to.include(`\n  ${breakGlass}\n`);
			expect(await left()).to.include('mutatingwebhookconfiguration.admissionregistration.k8s.io/toolhive-scaling');
		});

		it('upgrade › what the leader wrote stays: Secret, Lease and caBundles', async () => {
			const flags = ['--webhook-port=0', '--metrics-port=0', '--drain-seconds=0', '--reconcile=false'];
			leader = startProgram(['serve', `--kubeconfig=${controlPlane().kubeconfig('webhook')}`, ...flags], {
				KUBERNETES_SERVICE_HOST: '127.0.0.1',
			});
			await eventually(async () => expect(await caBundles()).not.to.include(''), GONE_MS);
			// So that only Helm could have changed it.
			await leader.kill();
			const before = await caBundles();
			const { uid } = (await read('deployment', NS, '-n', NS)).metadata;
			for (const [kind, name] of [
				['secret', CERTIFICATE_SECRET],
				['lease', NS],
			] as const) {
				const { ownerReferences } = (await read(kind, name, '-n', NS)).metadata;
				expect(ownerReferences, kind).to.deep.equal([{ apiVersion: 'apps/v1', kind: 'Deployment', name: NS, uid }]);
			}
			await upgrade('--set', 'serve.logLevel=debug', '--set', 'excludeNamespaces={payroll}');
			expect((await read('deployment', NS, '-n', NS)).spec.template.spec.containers[0].args).to.deep.equal([
				'serve',
				'--log-level=debug',
				'--exclude-namespaces=payroll',
			]);
			const { webhooks } = await read('validatingwebhookconfiguration', NS);
			expect(webhooks[0].namespaceSelector.matchExpressions[0].values).to.include('payroll');
			expect(await caBundles()).to.deep.equal(before);
		});

		it('registrations deleted (break-glass), replicas left out, then scaled › upgrades restore the former and keep the latter', async () => {
			await must('delete', REGISTRATIONS, NS);
			await upgrade('--set', 'replicas=null');
			expect(await caBundles()).to.deep.equal(['', '', '', '', '', '']);
			const replicas = async () => (await read('deployment', NS, '-n', NS)).spec.replicas;
			expect(await replicas()).to.equal(1);
			await must('scale', 'deployment', NS, '-n', NS, '--replicas=4');
			// As docs/install.md has it.
			await upgrade('--reset-then-reuse-values');
			expect(await replicas()).to.equal(4);
		});

		it("a provided certificate › its CA replaces the leader's", async () => {
			const value = Buffer.from((await issueCa()).cert).toString('base64');
			const patch = { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value };
			await must('patch', 'validatingwebhookconfiguration', NS, '--type=json', '-p', JSON.stringify([patch]));
			const caBundle = (await issueCa()).cert;
			const provided = ['--set', 'certificates.mode=provided', '--set', `certificates.caBundle=${caBundle}`];
			const forced = generation === 'v4' ? ['--force-conflicts'] : [];
			await upgrade(...provided, ...forced);
			expect(new Set(await caBundles())).to.deep.equal(new Set([Buffer.from(caBundle).toString('base64')]));
			await upgrade();
		});

		it('a second one in another namespace › refused, with the place of the first', async () => {
			for (const more of [[], ['--take-ownership']]) {
				const { code, stderr } = await helm('install', 'other', CHART, '--namespace', 'second', ...more);
				expect(code).to.equal(1);
				expect(stderr).to.include(`toolhive-scaling is already installed, in namespace ${NS}`);
			}
			expect(await must('get', 'all,sa,secrets', '-n', 'second', '-o', 'name')).not.to.include('toolhive-scaling');
		});

		it('uninstall while a pod still ends › nothing is left', async () => {
			// With more rights than a pod has by then, so that it could make its Secret and Lease anew.
			leader = startProgram(
				['serve', `--kubeconfig=${controlPlane().kubeconfig('admin')}`, '--webhook-port=0', '--metrics-port=0'],
				{ KUBERNETES_SERVICE_HOST: '127.0.0.1' },
			);
			await leader.logged('leading');
			// Helm 3 takes them last, so docs/install.md has them taken first.
			if (generation === 'v3') await must('delete', REGISTRATIONS, NS);
			const { code, stdout, stderr } = await helm('uninstall', 'scaling', '--namespace', NS, '--debug');
			expect(code, stderr).to.equal(0);
			if (generation === 'v4')
				expect(deletedKinds(stdout + stderr).slice(0, 2)).to.have.members([
					...['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
				]);
			await leader.kill();
			await eventually(async () => expect(await left()).to.deep.equal([]), GONE_MS);
		});
	});
}

/** In the order in which Helm says that it deletes them. */
const deletedKinds = (told: string): string[] =>
	[...told.matchAll(/starting delete resource.*? kind=(\w+)/g)].map(([, kind = '']) => kind);
