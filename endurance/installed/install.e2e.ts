/** Tests a fresh installation: pods, identity, certificates and start-up time. */
import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { eventually } from '../../test/harness/eventually.ts';
import { applyCrds } from '../../test/harness/product.ts';
import { INSTALLED, useCluster } from './harness.ts';
import { caBundles, waitForWebhooks } from './installation.ts';
import { getFromPod, metricsOf, NS, type Pod, runInPod, runningPods, secondsToReady } from './pods.ts';
import { expectServed, readSecret } from './secret.ts';

/** The limit begins when the container starts. */
const READY_WITHIN_S = 20;

describe(`installed with ${INSTALLED}`, function () {
	this.timeout(240_000);
	const cluster = useCluster();
	let pods: readonly Pod[];
	/** Runs a script in the first pod. */
	const run = (script: string) => runInPod(cluster().plane, pods[0] as Pod, script);

	before(async () => {
		const { plane, installation } = cluster();
		await applyCrds(plane);
		await installation.install();
		await waitForWebhooks(plane);
		pods = await runningPods(plane);
	});

	it(`two pods › ready within ${READY_WITHIN_S} s, without a restart`, () => {
		expect(pods).to.have.length(2);
		for (const pod of pods) {
			const seconds = secondsToReady(pod);
			process.stdout.write(`      ${pod.metadata.name}: ready ${seconds} s after its container started\n`);
			expect(seconds).to.be.at.most(READY_WITHIN_S);
			expect(pod.status.containerStatuses[0]?.restartCount).to.equal(0);
		}
	});
	it('several nodes › the pods are on two of them', async () => {
		const { items } = JSON.parse(await cluster().kubectl('get', 'nodes', '-o', 'json')) as {
			items: { spec: { taints?: object[] } }[];
		};
		const schedulable = items.filter(({ spec }) => spec.taints === undefined);
		const used = new Set(pods.map(({ spec }) => spec.nodeName));
		expect(used.size).to.equal(Math.min(schedulable.length, 2));
	});
	it('the Service › has both pods as endpoints', async () => {
		const addresses = pods.map(({ status }) => status.podIP);
		const path = 'jsonpath={.items[*].endpoints[*].addresses[*]}';
		const slices = ['get', 'endpointslices', '-l', `kubernetes.io/service-name=${NS}`, '-o', path];
		expect((await cluster().kubectl('-n', NS, ...slices)).split(' ')).to.have.members(addresses);
	});
	it('the namespace › enforces Pod Security "restricted": a privileged pod is denied', async () => {
		const labels = await cluster().kubectl('get', 'namespace', NS, '-o', 'jsonpath={.metadata.labels}');
		expect(JSON.parse(labels)).to.include({ 'pod-security.kubernetes.io/enforce': 'restricted' });
		const args = ['-n', NS, 'run', 'intruder', '--image=busybox', '--privileged', '--dry-run=server'];
		const { stderr } = await cluster().plane.kubectl(args, { user: 'admin' });
		expect(stderr).to.contain('violates PodSecurity "restricted');
	});
	it('the container › runs as user 65532 and cannot write to any folder', async () => {
		const ids = await run('console.log(process.getuid(), process.getgid())');
		expect(ids.stdout).to.equal('65532 65532\n');
		for (const folder of ['/app', '/tmp', '/app/dist']) {
			const { stderr } = await run(`fs.writeFileSync('${folder}/x', '')`);
			expect(stderr, folder).to.match(/EROFS|EACCES/);
		}
	});
	it('the image › has no compiler, no types and no test tools', async () => {
		const modules = "['mocha', 'typescript'].map((name) => fs.existsSync('/app/node_modules/' + name))";
		const { stdout } = await run(`process.stdout.write(fs.readdirSync('/app') + ' ' + ${modules})`);
		expect(stdout).to.equal('dist,node_modules,package.json false,false');
	});
	it('both pods › serve the certificate from the Secret, and every caBundle has its CA', async () => {
		const { 'tls.crt': pem = '' } = await readSecret(cluster().plane);
		await expectServed(cluster().plane, pem);
		const serving = new X509Certificate(pem);
		for (const bundle of await caBundles(cluster().plane)) {
			const ca = new X509Certificate(bundle);
			expect(serving.checkIssued(ca) && serving.verify(ca.publicKey)).to.equal(true);
		}
	});
	it('both pods › are ready, one is the leader, and their memory is below half of the limit', async () => {
		const { plane } = cluster();
		await eventually(async () => {
			const texts = await metricsOf(plane);
			expect(texts.filter((text) => /^thv_scaling_leader 1$/m.test(text))).to.have.length(1);
			for (const text of texts) {
				const bytes = Number(/^process_resident_memory_bytes (\d+)/m.exec(text)?.[1]);
				process.stdout.write(`      ${Math.round(bytes / 2 ** 20)} MiB resident without load\n`);
				expect(bytes).to.be.below(256 * 2 ** 20);
			}
		});
		for (const pod of pods) expect(await getFromPod(plane, pod, '/readyz')).to.equal('ok\n');
	});
});
