/** Runs after all scenarios in this cluster. Tests that an uninstallation leaves no object behind. */
import { expect } from 'chai';
import { linesOf } from '../../test/harness/program.ts';
import { useCluster } from './harness.ts';
import { getFromPod, NS, runningPods } from './pods.ts';

/** The number that pino uses for the level `error`. */
const LEVEL_ERROR = 50;

describe('after all scenarios', function () {
	this.timeout(300_000);
	const cluster = useCluster();

	it('memory › is below half of the limit, and no container was OOMKilled', async () => {
		const { plane } = cluster();
		for (const pod of await runningPods(plane)) {
			const limitMib = Number(/^(\d+)Mi$/.exec(pod.spec.containers[0]?.resources.limits.memory ?? '')?.[1]);
			const metrics = await getFromPod(plane, pod, '/metrics');
			const mib = Math.round(Number(/^process_resident_memory_bytes (\d+)/m.exec(metrics)?.[1]) / 2 ** 20);
			process.stdout.write(`      ${mib} of ${limitMib} MiB\n`);
			expect(mib).to.be.below(limitMib / 2);
			expect(pod.status.containerStatuses[0]?.lastState.terminated?.reason).not.to.equal('OOMKilled');
		}
	});
	it('the log › has no errors', async () => {
		for (const { metadata } of await runningPods(cluster().plane)) {
			const lines = linesOf(await cluster().kubectl('-n', NS, 'logs', metadata.name));
			expect(lines.filter(({ level }) => Number(level) >= LEVEL_ERROR)).to.deep.equal([]);
		}
	});
	it('uninstalled › no object in the cluster has the name of the product', async () => {
		const { installation, kubectl } = cluster();
		await installation.uninstall();
		const resources = (await kubectl('api-resources', '--verbs=list', '-o', 'name')).trim().split('\n');
		// Events are ignored, because they expire.
		const listed = resources.filter((resource) => !/^events(\.|$)|metrics\.k8s\.io$/.test(resource));
		const left: string[] = [];
		for (const resource of listed) {
			const names = await kubectl('get', resource, '-A', '-o', 'name', '--ignore-not-found');
			left.push(...names.split('\n').filter((name) => name.split('/').at(-1)?.startsWith(NS)));
		}
		expect(left.filter((name) => !name.endsWith('-e2e'))).to.deep.equal([]);
	});
});
