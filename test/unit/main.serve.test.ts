/** Runs `thv-scaling serve` as a process, with a scripted API server and a mounted certificate. */
import { request } from 'node:https';
import { text as textOf } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { issueCa, issueServing, type KeyPair } from '../../certs/issue.ts';
import { type Kubeconfig, writeKubeconfig } from '../harness/kubeconfig.ts';
import { get, type Program, startProgram } from '../harness/program.ts';
import { type ScriptedApiServer, startScriptedApiServer } from '../harness/scripted-api-server.ts';
import { createSecretVolume, type SecretVolume } from '../harness/secret-volume.ts';
import { reviewWith } from '../harness/serving.ts';
import { until } from '../harness/until.ts';

const INSTALLED = ['mcpremoteproxies', 'mcpservers', 'virtualmcpservers'];
const OTHERS = ['configmaps', 'deployments', 'horizontalpodautoscalers'];
const PATHS = INSTALLED.map((plural) => `/apis/toolhive.stacklok.dev/v1beta1/${plural}`);
const NOT_INSTALLED = 'resource is not installed, waiting for it';
const OK = { status: 200, body: 'ok\n' };
const SABOTAGE = { preload: 'sabotage.ts' } as const;
const BEARER = 'bearer-of-the-caller';
const PASSWORD = 'hunter2-is-the-password';
const INJECTION = 'a\n{"level":30,"msg":"planted"}\r\u001b[31mred\u2028"x';

describe('serve', function () {
	this.timeout(60_000);
	let ca: KeyPair;
	let api: ScriptedApiServer;
	let volume: SecretVolume;
	let kubeconfig: Kubeconfig;
	let running: Program | undefined;
	before(async () => {
		ca = await issueCa();
	});
	beforeEach(async () => {
		volume = createSecretVolume(await issueServing(ca, { days: 30 }));
		api = await startScriptedApiServer('HTTP/1.1', PATHS);
		kubeconfig = writeKubeconfig(api.url, api.ca);
	});
	afterEach(async () => {
		await running?.kill();
		await api.stop();
		volume.remove();
		kubeconfig.remove();
	});

	/** Resolves when the ports are open. */
	async function start(flags: readonly string[] = [], env = {}, options: Parameters<typeof startProgram>[2] = {}) {
		const files = [`--tls-dir=${volume.folder}`, `--kubeconfig=${kubeconfig.path}`];
		const ports = ['--webhook-port=0', '--metrics-port=0', '--reconcile=false'];
		const program = startProgram(['serve', ...files, ...ports, ...flags], env, options);
		running = program;
		const { webhookPort, metricsPort } = await program.logged('serving');
		return {
			program,
			/** Sends a GET to the port for health and metrics. */
			probe: (path: string) => get(metricsPort, path),
			/** Sends a review on a new connection. */
			send: (body: unknown = reviewWith()) => send(Number(webhookPort), ca.cert, body),
		};
	}

	it('a review, and a body that is not one › 200, 400, only JSON lines on stdout; a flag wins over its variable', async () => {
		const env = { THV_SCALING_DRAIN_SECONDS: '3000', THV_SCALING_DRAIN_SECOND: '1' };
		const { program, send } = await start(['--drain-seconds=0'], env);
		await program.logged('ready');
		const { status, text } = await send();
		expect(status).to.equal(200);
		expect(JSON.parse(text).response).to.deep.equal({ uid: 'uid-1', allowed: true });
		expect((await send('x')).status).to.equal(400);
		program.process.kill('SIGINT');
		expect(await program.ended).to.include({ code: 0, stderr: '' });
		const messages = program.log().map(({ msg }) => msg);
		expect(messages.filter((msg) => msg === NOT_INSTALLED)).to.have.length(OTHERS.length);
		const [unknown, ...others] = program.log().filter(({ msg }) => msg !== NOT_INSTALLED);
		expect(unknown).to.include({ msg: 'unknown environment variable', name: 'THV_SCALING_DRAIN_SECOND' });
		expect(others.map(({ msg }) => msg)).to.deep.equal(['serving', 'ready', 'draining', 'stopped']);
		expect(others[2]).to.include({ drainSeconds: 0, signal: 'SIGINT' });
	});

	it('no API server › alive, /readyz lists what is missing; it starts › ready; it stops › ready, with the cached objects', async () => {
		await api.down();
		const { program, probe } = await start();
		expect(await probe('/livez')).to.deep.equal(OK);
		const { status, body } = await probe('/readyz');
		const lists = [...INSTALLED, ...OTHERS].map((name) => `${name}: not listed yet`);
		expect(status).to.equal(503);
		expect(body.trim().split('\n')).to.have.members([...lists, 'Kubernetes version: not known yet']);
		await api.up();
		await program.logged('ready');
		expect(await probe('/readyz')).to.deep.equal(OK);
		const interruptions = program.log('watch interrupted').length;
		await api.down();
		await until(() => program.log('watch interrupted').length > interruptions);
		expect([await probe('/livez'), await probe('/readyz')]).to.deep.equal([OK, OK]);
	});

	it('the HTTPS port is closed › alive, not ready with the reason, logged once', async () => {
		const { program, probe } = await start([], {}, SABOTAGE);
		await program.logged('ready');
		program.process.kill('SIGUSR2');
		await until(async () => (await probe('/readyz')).status === 503);
		const line = await program.logged('HTTPS port does not answer');
		expect(line).to.include({ level: 50, reason: 'the port is closed' });
		expect((await probe('/readyz')).body).to.equal(`tls: ${line['reason']}\n`);
		expect(await probe('/livez')).to.deep.equal(OK);
		expect(program.log('HTTPS port does not answer')).to.have.length(1);
	});

	it('SIGTERM › unready at once, serves with Connection: close for the drain time, then exit 0', async () => {
		const { program, send, probe } = await start(['--drain-seconds=2'], {}, SABOTAGE);
		await program.logged('ready');
		expect((await send()).connection).not.to.equal('close');
		program.process.kill('SIGTERM');
		const draining = await program.logged('draining');
		expect(await probe('/readyz')).to.deep.equal({ status: 503, body: 'draining\n' });
		expect(await probe('/livez')).to.deep.equal(OK);
		expect(await send()).to.include({ status: 200, connection: 'close' });
		// During the drain, the readiness probe must not report the closed port as an error.
		program.process.kill('SIGUSR2');
		await until(async () => (await send().catch(({ code }) => code)) === 'ECONNREFUSED');
		expect((await probe('/readyz')).body).to.equal('draining\n');
		expect((await program.ended).code).to.equal(0);
		expect(program.log('HTTPS port does not answer')).to.deep.equal([]);
		const [stopped] = program.log('stopped');
		expect(Number(stopped?.['time']) - Number(draining['time'])).to.be.within(1_900, 30_000);
	});

	it('the certificate is replaced › a broken one is logged, a valid one is used, and the replica stays ready', async () => {
		const { program, send, probe } = await start();
		await program.logged('ready');
		const { serialNumber } = await send();
		volume.swap({ cert: (await issueServing(ca)).cert, key: ca.key });
		const line = await program.logged('the new certificate is not usable; the previous one is still served');
		expect(JSON.stringify(line)).to.contain('key values mismatch').and.not.to.contain('PRIVATE KEY');
		expect((await send()).serialNumber).to.equal(serialNumber);
		volume.swap(await issueServing(ca, { days: 60 }));
		await program.logged('certificate reloaded');
		expect((await send()).serialNumber).not.to.equal(serialNumber);
		const { body } = await probe('/metrics');
		for (const result of ['failed', 'loaded'])
			expect(body).to.include(`thv_scaling_certificate_reloads_total{result="${result}"} 1\n`);
		const [, expirySeconds] = /^thv_scaling_certificate_expiry_timestamp_seconds (\d+)$/m.exec(body) ?? [];
		expect(Number(expirySeconds) * 1000).to.be.closeTo(Date.now() + 60 * 86_400_000, 600_000);
		expect(await probe('/readyz')).to.deep.equal(OK);
	});

	it('the log at debug, through errors › no token or password, and no forged line', async () => {
		const env = { NODE_DEBUG: '', THV_SCALING_PASSWORD: PASSWORD };
		const { program, send } = await start(['--log-level=debug', '--drain-seconds=0'], env);
		await program.logged('ready');
		const owner = { apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPServer', name: 'github', uid: 'u' };
		const metadata = { name: 'github', ownerReferences: [owner], annotations: { password: PASSWORD } };
		const spec = { template: { spec: { containers: [{ env: [{ name: 'P', value: PASSWORD }] }] } } };
		const named = { uid: INJECTION, name: INJECTION, kind: { kind: INJECTION }, object: { metadata, spec } };
		await send(reviewWith({ ...named, operation: 'CREATE' }));
		await send(reviewWith({ ...named, operation: INJECTION }));
		await program.logged('review');
		await api.down();
		await send(reviewWith({ ...named, operation: 'CREATE' }));
		await program.logged('review failed');
		program.process.kill('SIGTERM');
		const { stdout, stderr } = await program.ended;
		expect(program.log().map(({ msg }) => msg)).to.not.include('planted');
		expect(program.log().some(({ name }) => name === INJECTION)).to.equal(true);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: the log must not contain them
		expect(stdout + stderr).not.to.match(/\u001b|\r/);
		for (const secret of [PASSWORD, BEARER, 'scripted-token', 'containers'])
			expect(stdout + stderr).not.to.contain(secret);
	});
});

interface Reply {
	readonly status: number;
	readonly connection: string | undefined;
	readonly serialNumber: string;
	readonly text: string;
}

function send(port: number, ca: string, body: unknown): Promise<Reply> {
	const headers = { authorization: `Bearer ${BEARER}`, connection: 'keep-alive' };
	const options = { host: '127.0.0.1', port, ca, method: 'POST', path: '/mutate?timeout=5s', agent: false, headers };
	return new Promise((resolve, reject) => {
		request(options, (response) => {
			const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
			const { statusCode: status = 0, headers: received } = response;
			const { connection } = received;
			textOf(response).then((text) => resolve({ status, connection, serialNumber, text }), reject);
		})
			.on('error', reject)
			.end(JSON.stringify(body));
	});
}
