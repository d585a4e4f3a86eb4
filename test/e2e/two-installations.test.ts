/**
 * A second installation in one cluster, made with `namespace:` in a kustomization. What has no namespace exists once: the registrations and
 * the ClusterRoleBinding are the second one's from then on, and the first one says so and leaves them alone.
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
const FOREIGN = 'a webhook does not call the Service of toolhive-scaling; its caBundle was not changed';
const LOST = 'certificates cannot be managed';

describe('two installations in one cluster', function () {
	this.timeout(120_000);
	const { plane, start, applyWebhooks, must, secret, caBundles, objects, expectCalled } = useSelfManaged();
	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-other-'));
	const remove: (() => void)[] = [() => rmSync(folder, { recursive: true })];
	after(() => {
		for (const one of remove) one();
	});
	let first: Replica;
	let second: Replica;
	let theirs: { kind: string }[];

	const expectServedBy = async (replica: Replica): Promise<void> => {
		const before = replica.log('review').length;
		await expectCalled();
		// The line comes through a pipe.
		await eventually(async () => expect(replica.log('review').length).to.be.above(before), 3_000);
	};
	const doctor = async (...more: string[]): Promise<string> => {
		const args = ['doctor', `--kubeconfig=${plane().kubeconfig('admin')}`, ...more];
		return (await startProgram(args).ended).stdout;
	};
	/** Everything but what needs pods here: the Service and the registrations lead to this machine. */
	const install = (all: readonly { kind: string }[]) =>
		apply(
			plane(),
			all.filter(({ kind }) => !/^(Service|\w+WebhookConfiguration)$/.test(kind)),
		);
	const versions = async (): Promise<unknown> => [
		await caBundles(),
		await must(['get', 'mutatingwebhookconfiguration', NS, '-o', 'jsonpath={.metadata.resourceVersion}']),
		(await secret(NS))?.version,
		(await secret(OTHER))?.version,
	];

	it('the first one is alone › it serves', async () => {
		await install(objects());
		first = await start({ flags: ['--reconcile=false'] });
		await applyWebhooks(first);
		await eventually(() => expectServedBy(first));
	});

	it('the second one is installed with `namespace: other` › it gets permissions and registrations', async () => {
		const base = relative(folder, join(ROOT, 'manifests'));
		writeFileSync(join(folder, 'kustomization.yaml'), `namespace: ${OTHER}\nresources:\n- ${base}\n`);
		theirs = documentsOf(await must(['kustomize', folder]));
		const services = JSON.stringify(webhooksTo(theirs, []));
		expect(services).to.include(`"namespace":"${OTHER}"`).and.not.to.include(`"namespace":"${NS}"`);
		await install(theirs);
		await apply(plane(), [serviceIn(OTHER)]);
		const token = (await must(['create', 'token', NS, '-n', OTHER])).trim();
		const { path, remove: gone } = writeKubeconfig(plane().url, readFileSync(plane().caFile, 'utf8'), token);
		remove.push(gone);
		const config = JSON.parse(readFileSync(path, 'utf8'));
		config.contexts[0].context.namespace = OTHER;
		writeFileSync(path, JSON.stringify(config));
		second = await start({ kubeconfig: path, flags: ['--reconcile=false'] });
		// The registrations still lead to the first one.
		const told = second.log(FOREIGN);
		expect(told).to.have.length((await caBundles()).length);
		expect(told[0]).to.include({ level: 50, leadsTo: `Service ${NS}/${NS}` });
		expect(await doctor('-n', OTHER)).to.match(
			new RegExp(`^fail +Certificate +.* call Service ${NS}/${NS}, so they belong to another installation$`, 'm'),
		);
		await eventually(() => expectServedBy(first));
		await apply(plane(), webhooksTo(theirs, [second]));
		await eventually(() => expectServedBy(second));
	});

	it('the first one › it is no longer called, reports what it lost, and keeps running', async () => {
		const { reason } = await first.logged(LOST);
		expect(reason).to.match(
			/^403 .*webhookconfigurations\S* "toolhive-scaling" is forbidden: User "system:serviceaccount:/,
		);
		const said = await doctor('-n', NS);
		expect(said).to.include(`call Service ${OTHER}/${NS}, so they belong to another installation`);
		expect(said).to.include(`→ thv-scaling doctor --namespace ${OTHER}\n`).and.not.to.include('kubectl apply');
		expect(said).to.match(/^fail +Permissions +system:serviceaccount:toolhive-scaling:toolhive-scaling +cannot /m);
		expect(await doctor(), 'where nobody says otherwise').to.match(
			new RegExp(`^\\w+ +Deployment +${OTHER}/${NS} `, 'm'),
		);
		expect(first.process.exitCode).to.equal(null);
	});

	it('both lead › neither takes anything back from the other', async () => {
		const before = await versions();
		await Promise.all([first, second].map(synced));
		expect(await versions()).to.deep.equal(before);
		expect(first.log(LOST)).to.have.length(1);
		await expectServedBy(second);
	});

	it('the first one is applied again › it has everything back, and the second one reports that', async () => {
		await install(objects());
		await applyWebhooks(first);
		await eventually(() => expectServedBy(first));
		await first.logged('certificates are managed again');
		const { reason } = await second.logged(LOST);
		expect(reason).to.include(`serviceaccount:${OTHER}:`);
	});

	it('the second one has permissions again › it reports once whose the registrations are, and leaves them alone', async () => {
		const [binding] = theirs.filter(({ kind }) => kind === 'ClusterRoleBinding') as unknown as { metadata: object }[];
		await apply(plane(), [{ ...binding, metadata: { name: OTHER } }]);
		await second.logged('certificates are managed again');
		const told = second.log(FOREIGN).length;
		const before = await versions();
		await Promise.all([first, second].map(synced));
		expect(await versions()).to.deep.equal(before);
		expect(second.log(FOREIGN)).to.have.length(told);
		expect(second.log(FOREIGN).at(-1)).to.include({ leadsTo: `Service ${NS}/${NS}` });
		await expectServedBy(first);
	});
});
