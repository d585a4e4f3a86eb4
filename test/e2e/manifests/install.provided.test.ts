/** `kubectl apply -k` with certificates that somebody brings, against a real API server. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CERTIFICATE_SECRET } from '../../../src/api/names.ts';
import { POD_MODE, ROOT } from '../../harness/manifest-files.ts';
import type { PodTemplate } from '../../harness/manifest-types.ts';
import { NS, useInstallation } from '../installation.ts';

describe('manifests: installation with certificates', function () {
	this.timeout(90_000);
	const { kubectl, apply, expectNoChange, makeCerts, configuration, caBundles, may } = useInstallation();

	it('with certificates: one command, each entry trusts the authority; a second time nothing changes', async () => {
		const out = makeCerts('certs');
		await apply(out);
		const authority = readFileSync(join(out, 'ca.crt'), 'utf8');
		expect(new Set(await caBundles())).to.deep.equal(new Set([authority]));
		const { stdout } = await kubectl(['get', 'secret', 'toolhive-scaling-tls', '-n', NS, '-o', 'json']);
		const { type, data } = JSON.parse(stdout) as { type: string; data: Record<string, string> };
		expect(type).to.equal('kubernetes.io/tls');
		expect(Buffer.from(data['tls.crt'] ?? '', 'base64').toString()).to.equal(
			readFileSync(join(out, 'tls.crt'), 'utf8'),
		);
		await expectNoChange(out);
	});

	it('with certificates, what runs mounts them, and may touch no Secret and no registration', async () => {
		await apply(makeCerts('provided'));
		const { stdout } = await kubectl(['get', 'deployment', NS, '-n', NS, '-o', 'json']);
		const { spec } = (JSON.parse(stdout) as { spec: { template: PodTemplate } }).spec.template;
		expect(spec.containers[0]?.args).to.deep.equal(['serve', '--tls-dir=/tls']);
		expect(spec.volumes[0]?.secret?.secretName).to.equal('toolhive-scaling-tls');
		expect(await may('create', 'secrets', '-n', NS)).to.equal(false);
		expect(await may('get', `secrets/${CERTIFICATE_SECRET}`, '-n', NS)).to.equal(false);
		expect(await may('get', 'secrets/toolhive-scaling-tls', '-n', NS)).to.equal(false);
		expect(await may('patch', 'mutatingwebhookconfigurations/toolhive-scaling')).to.equal(false);
		// Everything else is left.
		expect(await may('update', 'leases/toolhive-scaling', '-n', NS)).to.equal(true);
		expect(await may('patch', 'deployments', '-A')).to.equal(true);
		await apply(join(ROOT, 'manifests/overlays/provided-secret'));
		expect(await may('create', 'secrets', '-n', NS)).to.equal(false);
	});

	it('with a new authority: each entry trusts both', async () => {
		const out = makeCerts('renewed');
		const former = readFileSync(join(out, 'ca.crt'), 'utf8');
		makeCerts('renewed', '--new-ca');
		await apply(out);
		for (const bundle of await caBundles())
			expect(bundle)
				.to.match(/(BEGIN CERTIFICATE[\s\S]*){2}/)
				.and.include(former);
	});

	it('in pod mode, with and without certificates', async () => {
		await apply(POD_MODE);
		const { webhooks } = await configuration('mutating');
		expect(webhooks.map(({ name }) => name)).to.include('pods.mutate.toolhive-scaling.svc');
		const { stdout } = await kubectl([
			'get',
			'deployment',
			NS,
			'-n',
			NS,
			'-o',
			'jsonpath={.spec.template.spec.containers[0].args}',
		]);
		expect(JSON.parse(stdout)).to.include('--password-env=pod');
		const out = makeCerts('pod-mode', '--base', POD_MODE);
		await apply(out);
		const bundles = await caBundles();
		expect(bundles).to.have.length(7);
		expect(bundles).not.to.include('');
	});
});
