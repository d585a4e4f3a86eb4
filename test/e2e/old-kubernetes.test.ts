/** A cluster that is older than the registrations are written for: said clearly, and served all the same. */
import { expect } from 'chai';
import { after } from 'mocha';
import { eventually } from '../harness/eventually.ts';
import { serverManifest } from '../harness/namespace.ts';
import { proxyDeployment } from '../harness/operator-writes.ts';
import { mustSucceed } from '../harness/product.ts';
import { startProgram } from '../harness/program.ts';
import { useSelfManaged } from '../harness/self-managed.ts';
import { type OtherVersion, startOtherVersion } from './old-kubernetes.ts';

const TOLD = 'Kubernetes is too old';

describe('a cluster below Kubernetes 1.30', function () {
	this.timeout(60_000);
	const others: OtherVersion[] = [];
	after(async () => {
		for (const other of others) await other.stop();
	});
	const { plane, start, register, expectCalled } = useSelfManaged();
	const as = async (gitVersion: string): Promise<OtherVersion> => {
		const other = await startOtherVersion(plane(), gitVersion);
		others.push(other);
		return other;
	};

	it('serve › the log has the version and the fix; the webhook is called, and proxies get no preStop', async () => {
		const replica = await start({ kubeconfig: (await as('v1.29.14-eks-1')).kubeconfig('webhook') });
		await register(replica);
		expect(await replica.said(TOLD)).to.include({
			level: 50,
			version: 'v1.29.14-eks-1',
			effect:
				'without matchConditions the API server calls the webhooks for objects without scaling; proxies get no preStop',
			fix: 'upgrade the cluster to v1.30.0 or later',
		});
		await eventually(expectCalled);
		const create = async (object: object, ...args: string[]) => {
			const how = { input: JSON.stringify(object) };
			return JSON.parse((await mustSucceed(plane().kubectl(['create', '-f', '-', '-o', 'json', ...args], how))).stdout);
		};
		const { metadata } = await create(serverManifest('MCPServer', 'aged', { transport: 'sse' }));
		const owner = { kind: 'MCPServer', name: 'aged', namespace: 'default', uid: metadata.uid };
		const pod = (await create(proxyDeployment(owner), '--dry-run=server')).spec.template.spec;
		expect(pod.terminationGracePeriodSeconds, 'the webhook was called').to.equal(45);
		expect(pod.containers[0], 'preStop').not.to.have.property('lifecycle');
		expect(replica.saying(TOLD)).to.have.length(1);
		await replica.kill();
	});

	it('doctor › a failure with the fix', async () => {
		const kubeconfig = (await as('v1.27.16')).kubeconfig('admin');
		const { code, stdout } = await startProgram(['doctor', `--kubeconfig=${kubeconfig}`]).ended;
		expect(code).to.equal(1);
		expect(stdout).to.match(/^fail {2}API server +Kubernetes at \S+ is v1\.27\.16: without matchConditions/m);
		expect(stdout).to.include('upgrade the cluster to v1.30.0 or later');
	});
});
