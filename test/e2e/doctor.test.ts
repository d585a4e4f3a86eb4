/**
 * `thv-scaling doctor` on a real API server: without a fault, with each fault, and for callers with fewer permissions.
 */
import { expect } from 'chai';
import { eventually } from '../harness/eventually.ts';
import { type Check, PASSWORD, useDoctor } from './doctor-cluster.ts';
import { faults } from './doctor-faults.ts';

const sentence = ({ id, status, subject, message }: Check): string => `${id} ${status}: ${subject} ${message}`;

describe('doctor on a real API server', function () {
	this.timeout(120_000);
	const cluster = useDoctor();
	const { must, namespace } = cluster;

	it('no fault › text and JSON report the same without the password, and nothing in the cluster changes', async () => {
		const kinds = 'mcpservers,configmaps,deployments,secrets,leases,horizontalpodautoscalers';
		const names = 'jsonpath={range .items[*]}{.metadata.name} {.metadata.generation}\n{end}';
		const objects = () => must(['get', kinds, '-A', '-o', names]);
		const before = await objects();
		const { code, stdout: text, stderr } = await cluster.doctor();
		expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
		expect(text.split('\n').at(-2)).to.equal('20 ok, 0 warn, 0 fail');
		expect(text).to.match(/^ok {4}API server {3}Kubernetes at https:\/\/127\S+ is v1\.\d+/);
		expect(text).to.match(/^ok {4}CRDs .*mcpservers\S+ has the scaling fields \(v1beta1, v1alpha1\)$/m);
		for (const kind of ['validating', 'mutating'])
			expect(text).to.match(new RegExp(`^ok {4}Reachable .*the ${kind} webhook.* answers$`, 'm'));
		expect(text, 'colours are for terminals').not.to.include('\u001b');
		const { checks, summary } = await cluster.report();
		expect(summary).to.deep.equal({ ok: 20, warn: 0, fail: 0 });
		for (const { subject, message } of checks) expect(text).to.include(`${subject} ${message}`);
		for (const word of [PASSWORD, Buffer.from(PASSWORD).toString('base64')])
			expect(JSON.stringify(checks) + text).not.to.include(word);
		expect(await objects())
			.to.equal(before)
			.and.not.include('dry-run');
	});

	it('a caller with few permissions › each check that cannot run is a warning', async () => {
		const { code, problems } = await cluster.report('webhook');
		expect(code).to.equal(0);
		expect(problems.map(sentence)).to.deep.equal([
			'crds warn: the check was not run: no permission to get customresourcedefinitions.apiextensions.k8s.io',
			'reachable warn: the validating webhook (dry run in namespace doctored) was not tried: no permission to create mcpservers.toolhive.stacklok.dev there',
			'reachable warn: the mutating webhook (dry run in namespace doctored) was not tried: no permission to create configmaps there',
			'permissions warn: system:serviceaccount:toolhive-scaling:toolhive-scaling was not checked: your credentials cannot read the permissions of other users',
			'secrets warn: 1 password Secret was not checked, because you lack the permission to read doctored/redis-secret',
		]);
	});

	for (const fault of faults(cluster)) {
		it(`${fault.title} › reported, with the fix`, async () => {
			await fault.plant();
			try {
				// The API server reads a changed webhook configuration after a short delay.
				await eventually(async () => {
					const { problems, code } = await cluster.report();
					const sentences = problems.map(sentence);
					for (const expected of fault.problems)
						expect(
							sentences.filter((line) => expected.test(line)),
							`${expected} in\n${sentences.join('\n')}`,
						).to.have.length(1);
					expect(sentences, sentences.join('\n')).to.have.length(fault.problems.length);
					for (const { fix } of problems) expect(fix).to.match(fault.fix);
					expect(code).to.equal(1);
				});
			} finally {
				await fault.repair();
			}
		});
	}
	it('every fault is fixed › nothing is reported', () =>
		eventually(async () => {
			const { code, problems } = await cluster.report();
			expect({ code, problems }).to.deep.equal({ code: 0, problems: [] });
		}));

	it('the product has exited, and MCPServers are not installed › every other check runs', async () => {
		await cluster.product().stop();
		await namespace.kubectl(['delete', 'mcpservers', '--all']);
		await must(['delete', 'crd', 'mcpservers.toolhive.stacklok.dev']);
		const { problems, checks, code } = await cluster.report();
		expect(problems.map(({ id, status }) => `${id} ${status}`)).to.include.members([
			...['crds fail', 'webhooks fail', 'lease warn'],
		]);
		expect(problems.at(-1)?.message).to.equal('has no holder: no replica reconciles');
		expect(checks.map(sentence).join('\n'))
			.to.match(/^reachable warn: the validating webhook.* was not tried: no MCPServer can be created there$/m)
			.and.match(/^secrets ok: no server refers to a password Secret$/m);
		expect(code).to.equal(1);
	});
});
