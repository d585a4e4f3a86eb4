/** What a fresh install is like: who runs, as whom, with which certificate, and how soon. */
import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { eventually } from '../../test/harness/eventually.ts';
import { applyCrds, mustSucceed } from '../../test/harness/product.ts';
import { INSTALLED, isTrusted, needCluster } from './harness.ts';
import { askPod, NS, podsOf, runIn, shownBy } from './installation.ts';

/** From the container's start; the kubelet tells whole seconds. */
const READY_WITHIN_S = 20;

describe(`installed by ${INSTALLED}`, function () {
	this.timeout(240_000);
	const cluster = needCluster();
	const kubectl = async (...args: string[]): Promise<string> =>
		(await mustSucceed(cluster().plane.kubectl(args, { user: 'admin' }))).stdout;

	before(async () => {
		await applyCrds(cluster().plane);
		await cluster().installation.install();
		await isTrusted(cluster().plane);
	});

	it('two pods are ready within seconds, and none was restarted on the way', async () => {
		const pods = await podsOf(cluster().plane);
		expect(pods).to.have.length(2);
		for (const { metadata, status } of pods) {
			const [container] = status.containerStatuses;
			const startedMs = Date.parse(container?.state.running?.startedAt ?? '');
			const ready = status.conditions.find(({ type }) => type === 'Ready');
			const seconds = (Date.parse(ready?.lastTransitionTime ?? '') - startedMs) / 1000;
			process.stdout.write(`      ${metadata.name}: ready ${seconds} s after its container started\n`);
			expect(seconds).to.be.at.most(READY_WITHIN_S);
			expect(container?.restartCount).to.equal(0);
		}
	});

	it('they are spread over the nodes, where there are several', async () => {
		const { items } = JSON.parse(await kubectl('get', 'nodes', '-o', 'json')) as {
			items: { spec: { taints?: object[] } }[];
		};
		const open = items.filter(({ spec }) => spec.taints === undefined);
		const taken = new Set((await podsOf(cluster().plane)).map(({ spec }) => spec.nodeName));
		expect(taken.size).to.equal(Math.min(open.length, 2));
	});

	it('the Service leads to both', async () => {
		const addresses = (await podsOf(cluster().plane)).map(({ status }) => status.podIP);
		const path = '{.items[*].endpoints[*].addresses[*]}';
		const slices = ['get', 'endpointslices', '-l', `kubernetes.io/service-name=${NS}`, '-o', `jsonpath=${path}`];
		expect((await kubectl('-n', NS, ...slices)).split(' ')).to.have.members(addresses);
	});

	it('the namespace enforces Pod Security restricted, and refuses a pod that asks for more', async () => {
		const labels = ['get', 'namespace', NS, '-o', 'jsonpath={.metadata.labels}'];
		expect(JSON.parse(await kubectl(...labels))).to.include({ 'pod-security.kubernetes.io/enforce': 'restricted' });
		const args = ['-n', NS, 'run', 'intruder', '--image=busybox', '--privileged', '--dry-run=server'];
		const { stderr } = await cluster().plane.kubectl(args, { user: 'admin' });
		expect(stderr).to.contain('violates PodSecurity "restricted');
	});

	it('runs as nobody, and can write nowhere', async () => {
		const [pod] = await podsOf(cluster().plane);
		const name = pod?.metadata.name ?? '';
		expect((await runIn(cluster().plane, name, 'console.log(process.getuid(), process.getgid())')).stdout).to.equal(
			'65532 65532\n',
		);
		for (const folder of ['/app', '/tmp', '/app/dist']) {
			const { stderr } = await runIn(cluster().plane, name, `fs.writeFileSync('${folder}/x', '')`);
			expect(stderr, folder).to.match(/EROFS|EACCES/);
		}
	});

	it('holds only what it needs: no compiler, no types, no test tools', async () => {
		const [pod] = await podsOf(cluster().plane);
		const list =
			'console.log(fs.readdirSync("/app").join(), fs.existsSync("/app/node_modules/mocha"), fs.existsSync("/app/node_modules/typescript"))';
		expect((await runIn(cluster().plane, pod?.metadata.name ?? '', list)).stdout).to.equal(
			'dist,node_modules,package.json false false\n',
		);
	});

	it('both pods show the certificate of the Secret, and every caBundle trusts it', async () => {
		const secret = ['-n', NS, 'get', 'secret', 'toolhive-scaling-certificates', '-o', 'jsonpath={.data.tls\\.crt}'];
		const stored = new X509Certificate(Buffer.from(await kubectl(...secret), 'base64'));
		for (const pod of await podsOf(cluster().plane))
			expect(await shownBy(cluster().plane, pod)).to.equal(stored.fingerprint256);
		for (const kind of ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration']) {
			const bundles = (await kubectl('get', kind, NS, '-o', 'jsonpath={.webhooks[*].clientConfig.caBundle}')).split(
				' ',
			);
			for (const bundle of bundles) {
				const authority = new X509Certificate(Buffer.from(bundle, 'base64'));
				expect(stored.checkIssued(authority) && stored.verify(authority.publicKey), kind).to.equal(true);
			}
		}
	});

	it('one of them leads, both are ready, and the memory stays far below its limit', async () => {
		const pods = await podsOf(cluster().plane);
		await eventually(async () => {
			const texts = await Promise.all(pods.map(({ metadata }) => askPod(cluster().plane, metadata.name, '/metrics')));
			const leading = texts.filter((text) => /^thv_scaling_leader 1$/m.test(text));
			expect(leading).to.have.length(1);
			for (const text of texts) {
				const bytes = Number(/^process_resident_memory_bytes (\d+)/m.exec(text)?.[1]);
				process.stdout.write(`      ${Math.round(bytes / 2 ** 20)} MiB resident at rest\n`);
				expect(bytes).to.be.below(256 * 2 ** 20);
			}
		});
		for (const { metadata } of pods) expect(await askPod(cluster().plane, metadata.name, '/readyz')).to.equal('ok\n');
	});
});
