import { request } from 'node:https';
import { expect } from 'chai';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { issueCa, issueServing, type KeyPair } from '../../certs/issue.ts';
import { type Kubeconfig, writeKubeconfig } from '../harness/kubeconfig.ts';
import { get, type Program, startProgram } from '../harness/program.ts';
import { type ScriptedApiServer, startScriptedApiServer } from '../harness/scripted-api-server.ts';
import { createSecretVolume, type SecretVolume } from '../harness/secret-volume.ts';
import { reviewWith } from '../harness/serving.ts';
import { until } from '../harness/until.ts';

const WATCHED = [
	'configmaps',
	'deployments',
	'horizontalpodautoscalers',
	'mcpremoteproxies',
	'mcpservers',
	'virtualmcpservers',
];

const FREE_PORTS = ['--webhook-port', '0', '--metrics-port', '0', '--reconcile=false'];
/** Said once for each resource, because the stand-in serves none. */
const NOT_INSTALLED = 'resource is not installed, waiting for it';

describe('thv-scaling serve', function () {
	this.timeout(60_000);
	let authority: KeyPair;
	let first: KeyPair;
	let volume: SecretVolume;
	let api: ScriptedApiServer;
	let kubeconfig: Kubeconfig;
	let program: Program | undefined;
	before(async () => {
		authority = await issueCa();
		first = await issueServing(authority, { days: 30 });
	});
	beforeEach(async () => {
		volume = createSecretVolume(first);
		// It serves nothing that is watched, so everything counts as not installed, and that is a cluster that can be served.
		api = await startScriptedApiServer();
		kubeconfig = writeKubeconfig(api.url, api.ca);
	});
	afterEach(async () => {
		await program?.kill();
		await api.stop();
		volume.remove();
		kubeconfig.remove();
	});

	async function start(args: readonly string[] = [], env: Record<string, string> = {}) {
		const needed = ['--tls-dir', volume.folder, '--kubeconfig', kubeconfig.path, ...FREE_PORTS];
		const started = startProgram(['serve', ...needed, ...args], env);
		program = started;
		const { webhookPort, metricsPort } = await started.said('serving');
		const ask = (
			body: unknown = reviewWith(),
		): Promise<{ status: number; connection: string; serialNumber: string; text: string }> =>
			new Promise((resolve, reject) => {
				const sent = request(
					{
						host: '127.0.0.1',
						port: Number(webhookPort),
						ca: authority.cert,
						method: 'POST',
						path: '/mutate?timeout=5s',
						agent: false,
					},
					(response) => {
						const { serialNumber } = (response.socket as import('node:tls').TLSSocket).getPeerCertificate();
						let text = '';
						response.on('data', (chunk: Buffer) => {
							text += chunk;
						});
						response.on('end', () =>
							resolve({
								status: response.statusCode ?? 0,
								connection: response.headers.connection ?? '',
								serialNumber,
								text,
							}),
						);
					},
				);
				sent.on('error', reject);
				sent.end(JSON.stringify(body));
			});
		return { program: started, metricsPort, ask };
	}

	it('answers, and writes nothing but JSON lines to stdout', async () => {
		const { program: running, ask } = await start(['--drain-seconds', '0']);
		await running.said('ready');
		const { status, text } = await ask();
		expect(status).to.equal(200);
		expect(JSON.parse(text).response).to.deep.equal({ uid: 'uid-1', allowed: true });
		expect((await ask('x')).status).to.equal(400);
		running.process.kill('SIGTERM');
		const { code, stderr } = await running.ended;
		expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
		const messages = running.lines().map(({ msg }) => msg);
		expect(messages.filter((msg) => msg === NOT_INSTALLED)).to.have.length(WATCHED.length);
		expect(messages.filter((msg) => msg !== NOT_INSTALLED)).to.deep.equal(['serving', 'ready', 'draining', 'stopped']);
	});

	it('is alive without an API server, says what it waits for, and gets ready when there is one', async () => {
		await api.down();
		const { metricsPort, program: running } = await start();
		expect(await get(metricsPort, '/livez')).to.deep.equal({ status: 200, body: 'ok\n' });
		const { status, body } = await get(metricsPort, '/readyz');
		expect(status).to.equal(503);
		expect(body.trim().split('\n').sort()).to.deep.equal(
			[...WATCHED.map((name) => `${name}: not listed yet`), 'version of Kubernetes: not known yet'].sort(),
		);
		await api.up();
		await running.said('ready');
		expect(await get(metricsPort, '/readyz')).to.deep.equal({ status: 200, body: 'ok\n' });
	});

	it('takes a flag before a variable, a variable before the default, and names variables nobody reads', async () => {
		const { program: running } = await start(['--drain-seconds', '0'], {
			THV_SCALING_DRAIN_SECONDS: '3000',
			THV_SCALING_LOG_LEVEL: 'debug',
			THV_SCALING_DRAIN_SECOND: '1',
		});
		running.process.kill('SIGTERM');
		expect(await running.said('draining')).to.include({ drainSeconds: 0, signal: 'SIGTERM' });
		expect((await running.ended).code).to.equal(0);
		expect(await running.said('environment variable is not known')).to.include({ name: 'THV_SCALING_DRAIN_SECOND' });
	});

	it('obeys --log-level', async () => {
		const { program: running, ask } = await start(['--drain-seconds', '0'], { THV_SCALING_LOG_LEVEL: 'debug' });
		await ask();
		await running.said('review');
		await running.kill();
		const askedBefore = api.asked.length;
		const needed = ['--tls-dir', volume.folder, '--kubeconfig', kubeconfig.path];
		const quiet = startProgram(['serve', ...needed, ...FREE_PORTS, '--log-level', 'error']);
		program = quiet;
		await until(() => api.asked.length > askedBefore);
		await quiet.kill();
		expect(quiet.lines()).to.deep.equal([]);
	});

	it('drains: unready at once, serving on with Connection: close, then closed, then exit 0', async () => {
		const { program: running, ask, metricsPort } = await start(['--drain-seconds', '3']);
		await running.said('ready');
		expect((await ask()).connection).not.to.equal('');
		running.process.kill('SIGTERM');
		await running.said('draining');
		await until(async () => (await get(metricsPort, '/readyz')).status === 503);
		expect((await get(metricsPort, '/readyz')).body).to.equal('draining\n');
		expect((await get(metricsPort, '/livez')).status).to.equal(200);
		expect(await ask()).to.include({ status: 200, connection: 'close' });
		expect((await running.ended).code).to.equal(0);
		const failure: unknown = await ask().catch((error) => error);
		expect(failure).to.have.property('code', 'ECONNREFUSED');
		const said = (message: string): number => Number(running.lines().find(({ msg }) => msg === message)?.['time']);
		expect(said('stopped') - said('draining')).to.be.within(2_900, 30_000);
	});

	it('ends the same way with SIGINT', async () => {
		const { program: running } = await start(['--drain-seconds', '0']);
		running.process.kill('SIGINT');
		expect((await running.ended).code).to.equal(0);
	});

	it('takes a new certificate, keeps the old one when the new one is broken, and says so', async () => {
		const { program: running, ask, metricsPort } = await start();
		const metric = async (name: string): Promise<number> => {
			const { body } = await get(metricsPort, '/metrics');
			return Number(
				body
					.split('\n')
					.find((line) => line.startsWith(`${name} `))
					?.split(' ')[1] ?? Number.NaN,
			);
		};
		const expiry = (): Promise<number> => metric('thv_scaling_certificate_expiry_timestamp_seconds');
		const { serialNumber: firstSerial } = await ask();
		const firstExpiry = await expiry();
		expect(firstExpiry * 1000).to.be.closeTo(Date.now() + 30 * 86_400_000, 600_000);

		volume.swap({ cert: first.cert, key: authority.key });
		const line = await running.said('certificate cannot be used, the old one stays');
		expect(JSON.stringify(line)).to.contain('key values mismatch').and.not.to.contain('PRIVATE KEY');
		expect(await metric('thv_scaling_certificate_reloads_total{result="failed"}')).to.equal(1);
		expect((await ask()).serialNumber).to.equal(firstSerial);
		expect(await expiry()).to.equal(firstExpiry);

		volume.swap(await issueServing(authority, { days: 60 }));
		await running.said('certificate reloaded');
		expect(await metric('thv_scaling_certificate_reloads_total{result="loaded"}')).to.equal(1);
		expect((await ask()).serialNumber).not.to.equal(firstSerial);
		expect(await expiry()).to.be.greaterThan(firstExpiry);
	});
});
