/** `kubectl apply -k` against a real API server: everything is accepted, applied twice changes nothing, and the rights suffice. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { CERTIFICATE_SECRET } from '../../../src/api/names.ts';
import { startCache } from '../../../src/cluster/cache.ts';
import { connect } from '../../../src/cluster/connect.ts';
import { baseObjects, ROOT, template } from '../../harness/manifest-files.ts';
import { NS, useInstallation } from '../installation.ts';

describe('manifests: installation', function () {
	this.timeout(90_000);
	const { controlPlane, kubectl, apply, expectNoChange, may } = useInstallation();

	it('the base is accepted whole, in its order; a second time nothing changes', async () => {
		const first = await apply(join(ROOT, 'manifests'));
		expect(first).to.have.length(baseObjects().length);
		const names = baseObjects().map(({ kind }) => kind.toLowerCase());
		expect(first.map((line) => line.split(/[./]/)[0])).to.deep.equal(names);
		await expectNoChange(join(ROOT, 'manifests'));
	});

	it('its pods are admitted by the namespace, others are not', async () => {
		await apply(join(ROOT, 'manifests'));
		const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'try', namespace: NS }, spec: template().spec };
		const create = (spec: object) =>
			kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify({ ...pod, spec }));
		expect(await create(pod.spec)).to.include({ code: 0, stderr: '' });
		expect((await create({ containers: [{ name: 'any', image: 'any' }] })).stderr).to.include(
			'violates PodSecurity "restricted',
		);
	});

	it('its ServiceAccount may watch what the code watches, and read no Secret but ours', async () => {
		await apply(join(ROOT, 'manifests'));
		const connection = await connect(controlPlane().kubeconfig('webhook'));
		const troubles: object[] = [];
		const nothing = (): undefined => undefined;
		const projections = {
			server: nothing,
			deployment: nothing,
			runConfig: nothing,
			autoscaler: nothing,
			keySpace: nothing,
		};
		const memory = startCache(connection, projections, (message, detail) => troubles.push({ message, detail }));
		const isSynced = (): boolean => Object.values(memory.watches).every((watch) => watch.hasSynced());
		for (let tries = 0; tries < 50 && !isSynced(); tries += 1) await sleep(100);
		expect(isSynced(), JSON.stringify(troubles)).to.equal(true);
		expect(await memory.findDeployment('default', 'nobody', new AbortController().signal)).to.equal(undefined);
		memory.stop();
		await connection.close();
		for (const verb of ['get', 'list', 'watch', 'update', 'patch', 'delete'])
			expect(await may(verb, 'secrets', '-n', NS), verb).to.equal(false);
		for (const verb of ['get', 'update'])
			expect(await may(verb, `secrets/${CERTIFICATE_SECRET}`, '-n', NS), verb).to.equal(true);
		expect(await may('get', `secrets/${CERTIFICATE_SECRET}`, '-n', 'default')).to.equal(false);
		expect(await may('create', 'secrets', '-n', 'default')).to.equal(false);
		for (const kind of ['mutating', 'validating']) {
			expect(await may('patch', `${kind}webhookconfigurations/toolhive-scaling`)).to.equal(true);
			expect(await may('patch', `${kind}webhookconfigurations/another`)).to.equal(false);
			expect(await may('list', `${kind}webhookconfigurations`)).to.equal(false);
		}
	});
});
