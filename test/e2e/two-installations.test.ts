/**
 * A second installation in the same cluster, with `namespace:` in a kustomization. It replaces the webhook
 * configurations and the ClusterRoleBinding, which are cluster-scoped. The first installation reports that, and does
 * not change these objects.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { after } from 'mocha';
import { eventually } from '../harness/eventually.ts';
import { writeKubeconfig } from '../harness/kubeconfig.ts';
import { apply, documentsOf, ROOT } from '../harness/product.ts';
import { startProgram } from '../harness/program.ts';
import { NS, type Replica, serviceIn, synced, useSelfManaged, webhooksTo } from '../harness/self-managed.ts';

const OTHER = 'other';
const OF_OTHER = 'a webhook does not call the Service of toolhive-scaling; its caBundle was not changed';
const UNMANAGED = 'certificates cannot be managed';

describe('two installations in one cluster', function () {
	this.timeout(120_000);
	const { plane, start, applyWebhooks, must, secret, caBundles, objects, expectCalled } = useSelfManaged();
	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-other-'));
	let removeKubeconfig = (): void => undefined;
	after(() => {
		rmSync(folder, { recursive: true });
		removeKubeconfig();
	});
	let first: Replica;
	let second: Replica;

	const expectServedBy = async (replica: Replica): Promise<void> => {
		const before = replica.log('review').length;
		await expectCalled();
		// The program writes its log in batches.
		await eventually(async () => expect(replica.log('review').length).to.be.above(before), 10_000);
	};
	const doctor = async (...more: string[]): Promise<string> =>
		(await startProgram(['doctor', `--kubeconfig=${plane().kubeconfig('admin')}`, ...more]).ended).stdout;
	/** Applies all objects except those that need pods: the Service and the webhook configurations. */
	const install = (all: readonly { kind: string }[]) =>
		apply(
			plane(),
			all.filter(({ kind }) => !/^(Service|\w+WebhookConfiguration)$/.test(kind)),
		);
	it('the second installation has `namespace: other` › it gets the permissions and the webhook configurations', async () => {
		await install(objects());
		first = await start({ flags: ['--reconcile=false'] });
		await applyWebhooks(first);
		await eventually(() => expectServedBy(first));
		const base = relative(folder, join(ROOT, 'manifests'));
		writeFileSync(join(folder, 'kustomization.yaml'), `namespace: ${OTHER}\nresources:\n- ${base}\n`);
		const rendered = documentsOf(await must(['kustomize', folder]));
		const services = JSON.stringify(webhooksTo(rendered, []));
		expect(services).to.include(`"namespace":"${OTHER}"`).and.not.to.include(`"namespace":"${NS}"`);
		await install(rendered);
		await apply(plane(), [serviceIn(OTHER)]);
		const token = (await must(['create', 'token', NS, '-n', OTHER])).trim();
		const kubeconfig = writeKubeconfig(plane().url, readFileSync(plane().caFile, 'utf8'), token, OTHER);
		removeKubeconfig = kubeconfig.remove;
		second = await start({ kubeconfig: kubeconfig.path, flags: ['--reconcile=false'] });
		// The webhook configurations still call the first installation.
		const reported = second.log(OF_OTHER);
		expect(reported).to.have.length((await caBundles()).length);
		expect(reported[0]).to.include({ level: 50, leadsTo: `Service ${NS}/${NS}` });
		expect(await doctor('-n', OTHER)).to.match(
			new RegExp(`^fail +Certificate +.* call Service ${NS}/${NS}, so they belong to another installation$`, 'm'),
		);
		await eventually(() => expectServedBy(first));
		await apply(plane(), webhooksTo(rendered, [second]));
		await eventually(() => expectServedBy(second));
	});

	it('the first installation › receives no more calls, reports which permissions it lost, and keeps running', async () => {
		const { reason } = await first.logged(UNMANAGED);
		expect(reason).to.match(
			/^403 .*webhookconfigurations\S* "toolhive-scaling" is forbidden: User "system:serviceaccount:/,
		);
		const report = await doctor('-n', NS);
		expect(report).to.include(`call Service ${OTHER}/${NS}, so they belong to another installation`);
		expect(report).to.include(`→ thv-scaling doctor --namespace ${OTHER}\n`).and.not.to.include('kubectl apply');
		expect(report).to.match(/^fail +Permissions +system:serviceaccount:toolhive-scaling:toolhive-scaling +cannot /m);
		expect(await doctor(), 'without --namespace').to.match(new RegExp(`^\\w+ +Deployment +${OTHER}/${NS} `, 'm'));
		expect(first.process.exitCode).to.equal(null);
	});

	it('both replicas lead › neither changes an object of the other installation', async () => {
		const versions = async (): Promise<unknown> => [
			await caBundles(),
			await must(['get', 'mutatingwebhookconfiguration', NS, '-o', 'jsonpath={.metadata.resourceVersion}']),
			(await secret(NS))?.version,
			(await secret(OTHER))?.version,
		];
		const before = await versions();
		await Promise.all([first, second].map(synced));
		expect(await versions()).to.deep.equal(before);
		expect(first.log(UNMANAGED)).to.have.length(1);
		await expectServedBy(second);
	});

	it('the first installation is applied again › it gets permissions and calls again, and the second one reports that', async () => {
		await install(objects());
		await applyWebhooks(first);
		await eventually(() => expectServedBy(first));
		await first.logged('certificates are managed again');
		expect((await second.logged(UNMANAGED))['reason']).to.include(`serviceaccount:${OTHER}:`);
	});
});
