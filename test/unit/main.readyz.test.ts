/** What the probes say of a process in trouble, and of one that others are in trouble around. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { issueServing, type KeyPair } from '../../certs/issue.ts';
import { issueCa } from '../../src/certificates/issue.ts';
import { type Kubeconfig, writeKubeconfig } from '../harness/kubeconfig.ts';
import { get, type Program, startProgram } from '../harness/program.ts';
import { type ScriptedApiServer, startScriptedApiServer } from '../harness/scripted-api-server.ts';
import { createSecretVolume, type SecretVolume } from '../harness/secret-volume.ts';
import { until } from '../harness/until.ts';

/** Nothing came back in the time of a probe. */
const SILENCE = { status: 0, body: '' };
const OK = { status: 200, body: 'ok\n' };

describe('thv-scaling serve: probes', function () {
	this.timeout(60_000);
	let authority: KeyPair;
	let volume: SecretVolume;
	let api: ScriptedApiServer;
	let kubeconfig: Kubeconfig;
	let program: Program;
	let probe: (path: string) => Promise<{ status: number; body: string }>;
	before(async () => {
		authority = await issueCa();
	});
	beforeEach(async () => {
		volume = createSecretVolume(await issueServing(authority));
		api = await startScriptedApiServer();
		kubeconfig = writeKubeconfig(api.url, api.ca);
	});
	afterEach(async () => {
		await program.kill();
		await api.stop();
		volume.remove();
		kubeconfig.remove();
	});

	async function start(sabotage = '', flags: readonly string[] = []): Promise<void> {
		const ports = ['--webhook-port=0', '--metrics-port=0', '--reconcile=false'];
		const args = ['serve', `--tls-dir=${volume.folder}`, `--kubeconfig=${kubeconfig.path}`, ...ports, ...flags];
		program = startProgram(args, { SABOTAGE: sabotage }, { preload: 'sabotage.ts' });
		const { metricsPort } = await program.said('serving');
		await program.said('ready');
		probe = (path) => get(metricsPort, path);
		expect(await probe('/readyz')).to.deep.equal(OK);
	}

	for (const { it: what, sabotage, reason } of [
		{ it: 'accepts nothing any more', sabotage: 'close', reason: 'the port is closed' },
		{ it: 'fails every handshake', sabotage: 'context', reason: 'handshake failure' },
		{ it: 'answers nothing', sabotage: 'mute', reason: 'no answer within 2 s' },
	]) {
		it(`a process that ${what} is alive and not ready, says why, and logs it once`, async () => {
			await start(sabotage);
			program.process.kill('SIGUSR2');
			await until(async () => (await probe('/readyz')).status === 503);
			const { body } = await probe('/readyz');
			expect(body)
				.to.match(/^tls: .*\n$/)
				.and.include(reason);
			expect(await probe('/livez')).to.deep.equal(OK);
			const line = await program.said('HTTPS port does not answer');
			expect(line).to.include({ level: 50 });
			expect(`tls: ${line['reason']}\n`).to.equal(body);
			expect(program.lines().filter(({ msg }) => msg === line['msg'])).to.have.length(1);
		});
	}

	it('a process that computes and computes answers no probe, and is ready again by itself', async () => {
		await start('block');
		program.process.kill('SIGUSR2');
		await sleep(100);
		expect(await Promise.all([probe('/readyz'), probe('/livez')])).to.deep.equal([SILENCE, SILENCE]);
		await until(async () => (await probe('/readyz')).status === 200);
	});

	it('a stopped process answers no probe, so that the kubelet ends it', async () => {
		await start();
		program.process.kill('SIGSTOP');
		expect(await probe('/livez')).to.deep.equal(SILENCE);
		program.process.kill('SIGCONT');
		await until(async () => (await probe('/livez')).status === 200);
		await until(async () => (await probe('/readyz')).status === 200);
	});

	it('a watch that is dead ends nobody: what was heard before still answers', async () => {
		await start();
		await api.down();
		await sleep(5_000);
		expect(await probe('/livez')).to.deep.equal(OK);
		expect(await probe('/readyz')).to.deep.equal(OK);
	});

	it('a new certificate that cannot be used takes no readiness, nor does one that can', async () => {
		await start();
		volume.swap({ cert: (await issueServing(authority)).cert, key: authority.key });
		await program.said('certificate cannot be used, the old one stays');
		await sleep(1_100);
		expect(await probe('/readyz')).to.deep.equal(OK);
		volume.swap(await issueServing(authority));
		await program.said('certificate reloaded');
		await sleep(1_100);
		expect(await probe('/readyz')).to.deep.equal(OK);
		expect(program.lines().map(({ msg }) => msg)).not.to.include('HTTPS port does not answer');
	});

	it('nor does one that has ended: every replica has the same, and the API server judges it by its own clock', async () => {
		const now = new Date(Date.now() - 10 * 86_400_000);
		const old = await issueCa({ now });
		volume.remove();
		volume = createSecretVolume(await issueServing(old, { days: 1, now }));
		await start();
	});

	it('draining is said alone, and the port is not asked any more', async () => {
		await start('close', ['--drain-seconds=3']);
		program.process.kill('SIGTERM');
		await program.said('draining');
		program.process.kill('SIGUSR2');
		await sleep(1_100);
		expect(await probe('/readyz')).to.deep.equal({ status: 503, body: 'draining\n' });
		expect((await program.ended).code).to.equal(0);
		expect(program.lines().map(({ msg }) => msg)).not.to.include('HTTPS port does not answer');
	});
});
