/** `thv-scaling doctor` against a real API server: in good order, with each fault planted, and by callers with fewer rights. */
import { expect } from 'chai';
import { type Check, PASSWORD, useDoctor } from './doctor-cluster.ts';
import { faults } from './doctor-faults.ts';
import { webhookFaults } from './doctor-webhook-faults.ts';

const sentence = ({ id, status, subject, message }: Check): string => `${id} ${status}: ${subject} ${message}`;

describe('doctor on a real API server', function () {
	this.timeout(120_000);
	const cluster = useDoctor('doctored');
	const { must, namespace } = cluster;

	it('finds nothing wrong where nothing is, and says what it saw', async () => {
		const { code, stdout, stderr } = await cluster.doctor();
		expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
		expect(stdout.split('\n').at(-2)).to.equal('20 ok, 0 warn, 0 fail');
		expect(stdout).to.match(/^ok {4}API server {4}Kubernetes at https:\/\/127\S+ is v1\.\d+/);
		expect(stdout).to.match(/^ok {4}CRDs .*mcpservers\S+ has the scaling fields \(v1beta1, v1alpha1\)$/m);
		expect(stdout).to.match(/^ok {4}Operator .*has TOOLHIVE_RUNNER_IMAGE v0.47.0: new enough for each server$/m);
		expect(stdout).to.match(/^ok {4}Reachable .*the validating webhook.* answers$/m);
		expect(stdout).to.match(/^ok {4}Reachable .*the mutating webhook.* answers$/m);
		expect(stdout, 'colours are for terminals').not.to.include('\u001b');
	});

	it('json says the same, and neither knows the password', async () => {
		const [json, text] = [(await cluster.doctor(['-o', 'json'])).stdout, (await cluster.doctor()).stdout];
		const { checks, summary } = JSON.parse(json) as { checks: Check[]; summary: object };
		expect(summary).to.deep.equal({ ok: 20, warn: 0, fail: 0 });
		for (const { subject, message } of checks) expect(text).to.include(`${subject} ${message}`);
		expect(json + text).not.to.include(PASSWORD);
		expect(json + text).not.to.include(Buffer.from(PASSWORD).toString('base64'));
	});

	it('leaves nothing behind and changes nothing', async () => {
		const everything = 'mcpservers,configmaps,deployments,secrets,leases,horizontalpodautoscalers';
		const look = async () =>
			await must([
				'get',
				everything,
				'-A',
				'-o',
				'jsonpath={range .items[*]}{.metadata.name} {.metadata.generation}\n{end}',
			]);
		const before = await look();
		await cluster.examine();
		expect(await look())
			.to.equal(before)
			.and.not.include('dry-run');
	});

	it('by a caller with few rights: what could not be looked at is a warning', async () => {
		const { code, troubles } = await cluster.examine('webhook');
		expect(code).to.equal(0);
		expect(troubles.every(({ status }) => status === 'warn')).to.equal(true);
		expect(troubles.map(sentence)).to.deep.equal([
			'crds warn: the check was not made: you may not get customresourcedefinitions.apiextensions.k8s.io',
			'reachable warn: the validating webhook, asked by a dry run in namespace doctored, was not tried: you may not create mcpservers.toolhive.stacklok.dev there',
			'reachable warn: the mutating webhook, asked by a dry run in namespace doctored, was not tried: you may not create configmaps there',
			'permissions warn: system:serviceaccount:toolhive-scaling:toolhive-scaling was not looked at: you may not ask what others may do',
			'secrets warn: 1 password Secret may not be looked at by you: doctored/redis-secret',
		]);
	});

	it('in another namespace than the product is in', async () => {
		const { stdout } = await cluster.doctor(['--namespace=elsewhere']);
		expect(stdout).to.match(/^warn {2}Deployment .*elsewhere\/toolhive-scaling is not there/m);
		expect(stdout).to.match(
			/^fail {2}Permissions .*:elsewhere:toolhive-scaling may do none of the 27 things it needs$/m,
		);
	});

	for (const fault of [...webhookFaults(cluster), ...faults(cluster)]) {
		it(`with a fault planted: ${fault.it}`, async () => {
			await fault.plant();
			try {
				const { troubles, code } = await cluster.examine();
				const said = troubles.map(sentence);
				for (const expected of fault.says) {
					const matching = said.filter((line) => expected.test(line));
					expect(matching, `${expected} in\n${said.join('\n')}`).to.have.length(1);
				}
				expect(said, said.join('\n')).to.have.length(fault.says.length);
				for (const { fix } of troubles) expect(fix).to.match(fault.fix);
				expect(code).to.equal(fault.code);
			} finally {
				await fault.mend();
			}
		});
	}
	it('all of it mended: nothing to say', async () => {
		const { code, troubles } = await cluster.examine();
		expect(troubles).to.deep.equal([]);
		expect(code).to.equal(0);
	});

	it('after the product has ended: no registration, and a Lease that nobody holds', async () => {
		await cluster.product().stop();
		const { troubles, code } = await cluster.examine();
		expect(troubles.map(({ id, status }) => `${id} ${status}`)).to.deep.equal([
			...['registration fail', 'registration fail', 'reachable fail', 'reachable fail', 'lease warn'],
		]);
		expect(troubles.at(-1)?.message).to.equal('is held by nobody: nobody reconciles');
		expect(code).to.equal(1);
	});

	it('without MCPServers: everything else is still told', async () => {
		await namespace.kubectl(['delete', 'mcpservers', '--all']);
		await must(['delete', 'crd', 'mcpservers.toolhive.stacklok.dev']);
		const { troubles, checks, code } = await cluster.examine();
		expect(troubles.map(sentence)[0]).to.equal('crds fail: mcpservers.toolhive.stacklok.dev is not installed');
		expect(checks.map(sentence).join('\n'))
			.to.match(/^reachable warn: the validating webhook.* was not tried: no MCPServer can be made there$/m)
			.and.match(/^reachable ok: the mutating webhook was not tried: there is no MCPServer/m)
			.and.match(/^secrets ok: no server names a password Secret$/m);
		expect(code).to.equal(1);
	});

	it('an API server that has gone: exit 2, and one line that names server and kubeconfig', async () => {
		const { url, kubeconfig, stopApiServer, startApiServer } = cluster.plane();
		await stopApiServer();
		try {
			const { code, stdout, stderr } = await cluster.doctor();
			expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
			expect(stderr).to.match(/^thv-scaling: [^\n]+ECONNREFUSED[^\n]+\n$/);
			expect(stderr).to.include(`server ${url}, kubeconfig ${kubeconfig('admin')}`);
		} finally {
			await startApiServer();
		}
	});
});
