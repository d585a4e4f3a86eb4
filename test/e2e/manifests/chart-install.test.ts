/** Tests the chart on a real API server with Helm 4 and Helm 3: install, upgrade and uninstall while one replica is the leader. */
import { expect } from 'chai';
import { after, before } from 'mocha';
import { issueCa } from '../../../certs/issue.ts';
import { CERTIFICATE_SECRET } from '../../../src/api/names.ts';
import { needControlPlane } from '../../harness/control-plane/mocha.ts';
import type { User } from '../../harness/control-plane/start.ts';
import { eventually } from '../../harness/eventually.ts';
import { HELM_VERSIONS, type HelmGeneration } from '../../harness/helm/build.ts';
import { useHelm } from '../../harness/helm/mocha.ts';
import { mustSucceed, readText } from '../../harness/product.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import { CHART, NS } from '../chart.ts';

const CONFIGURATIONS = 'mutatingwebhookconfigurations,validatingwebhookconfigurations';

for (const generation of Object.keys(HELM_VERSIONS) as HelmGeneration[]) {
	describe(`chart: installation with Helm ${HELM_VERSIONS[generation]}`, function () {
		this.timeout(120_000);
		// The garbage collector in the controller manager deletes objects after their owner.
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
		const readDeployment = () => read('deployment', NS, '-n', NS);
		/** Returns the names of the product's objects. */
		const objects = async (): Promise<string[]> => {
			const kinds = 'all,secrets,leases,roles,rolebindings,pdb,netpol,sa';
			const names = await must('get', `clusterroles,clusterrolebindings,${CONFIGURATIONS}`, '-o', 'name');
			const inNamespace = await must('get', kinds, '-n', NS, '-o', 'name');
			return `${names}\n${inNamespace}`.split('\n').filter((name) => name.includes('toolhive-scaling'));
		};
		const caBundles = async (): Promise<string[]> => {
			const items: { webhooks: { clientConfig: { caBundle?: string } }[] }[] = (await read(CONFIGURATIONS)).items;
			return items.flatMap(({ webhooks }) => webhooks.map(({ clientConfig }) => clientConfig.caBundle ?? ''));
		};
		const upgrade = (...args: string[]) => mustSucceed(helm('upgrade', 'scaling', CHART, '--namespace', NS, ...args));
		const serve = (user: User): Program => {
			const flags = ['--webhook-port=0', '--metrics-port=0', '--drain-seconds=0', '--reconcile=false'];
			const args = ['serve', `--kubeconfig=${controlPlane().kubeconfig(user)}`, ...flags];
			return startProgram(args, { KUBERNETES_SERVICE_HOST: '127.0.0.1' });
		};

		it('install › the notes list the commands that verify the installation', async () => {
			const { stdout, stderr } = await mustSucceed(helm('install', 'scaling', CHART, '--namespace', NS));
			expect(stderr.replaceAll(/^(level=|I\d|W\d).*\n/gm, '')).to.equal('');
			expect(stdout).to.include(`kubectl rollout status --namespace ${NS} deployment/toolhive-scaling`);
			expect(stdout).to.include(`kubectl label namespace ${NS} pod-security.kubernetes.io/enforce=restricted`);
			const [, breakGlass] = /\n## Break-glass\n[^#]*?```sh\n(.+)\n/.exec(readText('docs/install.md')) ?? [];
			expect(stdout).to.include(`\n  ${breakGlass}\n`);
			expect(await objects()).to.include('mutatingwebhookconfiguration.admissionregistration.k8s.io/toolhive-scaling');
		});

		it('upgrade › Secret, Lease and caBundles from the leader stay', async () => {
			leader = serve('webhook');
			await eventually(async () => expect(await caBundles()).not.to.include(''));
			// After this line, only Helm writes.
			await leader.kill();
			const before = await caBundles();
			const { uid } = (await readDeployment()).metadata;
			for (const object of [`secret/${CERTIFICATE_SECRET}`, `lease/${NS}`]) {
				const { ownerReferences } = (await read(object, '-n', NS)).metadata;
				expect(ownerReferences, object).to.deep.equal([{ apiVersion: 'apps/v1', kind: 'Deployment', name: NS, uid }]);
			}
			await upgrade('--set', 'serve.logLevel=debug', '--set', 'excludeNamespaces={payroll}');
			const { args } = (await readDeployment()).spec.template.spec.containers[0];
			expect(args).to.deep.equal(['serve', '--log-level=debug', '--exclude-namespaces=payroll']);
			const { webhooks } = await read('validatingwebhookconfiguration', NS);
			expect(webhooks[0].namespaceSelector.matchExpressions[0].values).to.include('payroll');
			expect(await caBundles()).to.deep.equal(before);
		});

		it('webhook configurations deleted (break-glass), Deployment scaled without replicas in the values › upgrades restore the configurations and keep the replica count', async () => {
			await must('delete', CONFIGURATIONS, NS);
			await upgrade('--set', 'replicas=null');
			expect(await caBundles()).to.deep.equal(['', '', '', '', '', '']);
			await must('scale', 'deployment', NS, '-n', NS, '--replicas=4');
			// Upgrades as in docs/install.md.
			await upgrade('--reset-then-reuse-values');
			expect((await readDeployment()).spec.replicas).to.equal(4);
		});

		it("a provided certificate › its CA replaces the leader's", async () => {
			const value = Buffer.from((await issueCa()).cert).toString('base64');
			const patch = { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value };
			await must('patch', 'validatingwebhookconfiguration', NS, '--type=json', '-p', JSON.stringify([patch]));
			const caBundle = (await issueCa()).cert;
			const provided = ['--set', 'certificates.mode=provided', '--set', `certificates.caBundle=${caBundle}`];
			await upgrade(...provided, ...(generation === 'v4' ? ['--force-conflicts'] : []));
			expect(new Set(await caBundles())).to.deep.equal(new Set([Buffer.from(caBundle).toString('base64')]));
			await upgrade();
		});

		it('a second installation in another namespace › refused, with the namespace of the first one', async () => {
			for (const more of [[], ['--take-ownership']]) {
				const { code, stderr } = await helm('install', 'other', CHART, '--namespace', 'second', ...more);
				expect(code).to.equal(1);
				expect(stderr).to.include(`toolhive-scaling is already installed, in namespace ${NS}`);
			}
		});

		it('uninstall while a pod still terminates › no object is left', async () => {
			// A pod has fewer permissions during an uninstall. This leader could create its Secret and Lease again.
			leader = serve('admin');
			await leader.logged('leading');
			// Helm 3 deletes the webhook configurations last, so docs/install.md has a command that deletes them first.
			if (generation === 'v3') await must('delete', CONFIGURATIONS, NS);
			const { code, stdout, stderr } = await helm('uninstall', 'scaling', '--namespace', NS, '--debug');
			expect(code, stderr).to.equal(0);
			const deleted = [...(stdout + stderr).matchAll(/starting delete resource.*? kind=(\w+)/g)];
			const first = deleted.slice(0, 2).map(([, kind]) => kind);
			if (generation === 'v4') expect(first.sort().join()).to.match(/^Mutating\w+,Validating\w+$/);
			await leader.kill();
			await eventually(async () => expect(await objects()).to.deep.equal([]), 60_000);
		});
	});
}
