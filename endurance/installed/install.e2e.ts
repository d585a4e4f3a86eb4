/** Tests a fresh installation: start-up time, container, certificates and leader. */
import { expect } from 'chai';
import { eventually } from '../../test/harness/eventually.ts';
import { applyCrds } from '../../test/harness/product.ts';
import { useCluster } from './harness.ts';
import { waitForWebhooks } from './installation.ts';
import { metricsOf, type Pod, runInPod, runningPods, secondsToReady } from './pods.ts';
import { expectServed, readSecret } from './secret.ts';

/** The limit begins when the container starts. */
const READY_WITHIN_S = 20;

describe('installed', function () {
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
	it('both pods › serve the certificate from the Secret, and one of them is the leader', async () => {
		const { plane } = cluster();
		await eventually(async () => {
			await expectServed(plane, (await readSecret(plane))['tls.crt']);
			const texts = await metricsOf(plane);
			expect(texts.filter((text) => /^thv_scaling_leader 1$/m.test(text))).to.have.length(1);
		});
	});
});
