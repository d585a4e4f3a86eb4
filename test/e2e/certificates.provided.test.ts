/** A Secret that somebody brought, in a cluster that allows us nothing about Secrets: read by the kubelet, touched by nobody. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { after } from 'mocha';
import { issueCa, issueServing } from '../../certs/issue.ts';
import { asCa, asTls } from '../harness/certificates.ts';
import { ROOT } from '../harness/product.ts';
import { get } from '../harness/program.ts';
import { handshake, NS, useSelfManaged } from '../harness/self-managed.ts';

describe('a provided certificate on a real API server', function () {
	this.timeout(60_000);
	const { must, start, register, plant, secret, caBundles } = useSelfManaged();
	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-provided-'));
	after(() => rmSync(folder, { recursive: true }));

	it('is served; neither it, nor what a leader left behind, nor caBundle is ever written', async () => {
		await must(['apply', '-k', join(ROOT, 'manifests/overlays/provided-secret')]);
		const authority = await issueCa();
		const serving = await issueServing(authority);
		for (const [file, text] of Object.entries(asTls(serving))) writeFileSync(join(folder, file), text);
		const theirs = ['secret', 'tls', 'toolhive-scaling-tls', '-n', NS];
		await must(['create', ...theirs, `--cert=${join(folder, 'tls.crt')}`, `--key=${join(folder, 'tls.key')}`]);
		// Half a pair, which a leader would mend.
		await plant(asCa(await issueCa()));
		const versions = async (): Promise<unknown[]> => [
			await must(['get', 'secret', 'toolhive-scaling-tls', '-n', NS, '-o', 'jsonpath={.metadata.resourceVersion}']),
			(await secret())?.version,
			await caBundles(),
		];
		const before = await versions();
		const replica = await start({ flags: [`--tls-dir=${folder}`] });
		await register(replica);
		await replica.said('leading');
		await sleep(12_000);
		expect(await versions()).to.deep.equal(before);
		expect(String(await handshake(replica.webhookPort, authority.cert))).to.include('BEGIN CERTIFICATE');
		const { body } = await get(replica.metricsPort, '/metrics');
		expect(body).to.match(/^thv_scaling_certificate_expiry_timestamp_seconds \d+$/m);
		// Nobody told us whose it is.
		expect(body).not.to.match(/^thv_scaling_authority_expiry/m);
		expect(replica.lines().filter(({ level }) => Number(level) > 30)).to.deep.equal([]);
	});
});
