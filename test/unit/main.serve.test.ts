import { expect } from 'chai';
import { describe, it } from 'mocha';
import { issueServing } from '../../certs/issue.ts';
import { BEARER, useServe } from '../harness/serve-process.ts';
import { reviewWith } from '../harness/serving.ts';
import { until } from '../harness/until.ts';

const WATCHED = 'configmaps deployments horizontalpodautoscalers mcpremoteproxies mcpservers virtualmcpservers'.split(
	' ',
);
const NOT_INSTALLED = 'resource is not installed, waiting for it';
const OK = { status: 200, body: 'ok\n' };
const PASSWORD = 'hunter2-is-the-password';
const INJECTION = 'a\n{"level":30,"msg":"planted"}\r\u001b[31mred\u2028"x';

describe('serve', function () {
	this.timeout(60_000);
	const { start, launch, api, volume, ca } = useServe([]);

	it('a review, and a body that is not one › 200, 400, and only JSON lines on stdout', async () => {
		const { program, send } = await start(['--drain-seconds=0']);
		await program.logged('ready');
		const { status, text } = await send();
		expect(status).to.equal(200);
		expect(JSON.parse(text).response).to.deep.equal({ uid: 'uid-1', allowed: true });
		expect((await send('x')).status).to.equal(400);
		program.process.kill('SIGTERM');
		expect(await program.ended).to.include({ code: 0, stderr: '' });
		const messages = program.log().map(({ msg }) => msg);
		expect(messages.filter((msg) => msg === NOT_INSTALLED)).to.have.length(WATCHED.length);
		expect(messages.filter((msg) => msg !== NOT_INSTALLED)).to.deep.equal(['serving', 'ready', 'draining', 'stopped']);
	});

	it('no API server › alive, and /readyz lists what is missing; the API server starts › ready', async () => {
		await api().down();
		const { program, probe } = await start();
		expect(await probe('/livez')).to.deep.equal(OK);
		const { status, body } = await probe('/readyz');
		const missing = [...WATCHED.map((name) => `${name}: not listed yet`), 'Kubernetes version: not known yet'];
		expect([status, ...body.trim().split('\n').sort()]).to.deep.equal([503, ...missing.sort()]);
		await api().up();
		await program.logged('ready');
		expect(await probe('/readyz')).to.deep.equal(OK);
	});

	it('a flag and variables › the flag wins over the variable, an unknown variable is logged; SIGINT ends it', async () => {
		const env = { THV_SCALING_DRAIN_SECONDS: '3000', THV_SCALING_LOG_LEVEL: 'debug', THV_SCALING_DRAIN_SECOND: '1' };
		const { program, send } = await start(['--drain-seconds=0'], env);
		await send();
		await program.logged('review');
		program.process.kill('SIGINT');
		expect(await program.logged('draining')).to.include({ drainSeconds: 0, signal: 'SIGINT' });
		expect((await program.ended).code).to.equal(0);
		const warning = await program.logged('unknown environment variable');
		expect(warning).to.include({ name: 'THV_SCALING_DRAIN_SECOND' });
	});

	it('--log-level=error › no line', async () => {
		const program = launch(['--log-level=error']);
		await until(() => api().asked.length >= WATCHED.length);
		await program.kill();
		expect(program.log()).to.deep.equal([]);
	});

	it('SIGTERM › unready at once, serves with Connection: close for the drain time, then exit 0', async () => {
		const { program, send, probe } = await start(
			['--drain-seconds=2'],
			{ SABOTAGE: 'close' },
			{ preload: 'sabotage.ts' },
		);
		await program.logged('ready');
		expect((await send()).connection).not.to.equal('close');
		program.process.kill('SIGTERM');
		await program.logged('draining');
		expect(await probe('/readyz')).to.deep.equal({ status: 503, body: 'draining\n' });
		expect(await probe('/livez')).to.deep.equal(OK);
		expect(await send()).to.include({ status: 200, connection: 'close' });
		// During the drain, the readiness probe must not report the closed port as an error.
		program.process.kill('SIGUSR2');
		await until(async () => (await send().catch(({ code }) => code)) === 'ECONNREFUSED');
		expect((await probe('/readyz')).body).to.equal('draining\n');
		expect((await program.ended).code).to.equal(0);
		const messages = new Map(program.log().map(({ msg, time }) => [msg, Number(time)]));
		expect(messages.has('HTTPS port does not answer')).to.equal(false);
		expect((messages.get('stopped') ?? 0) - (messages.get('draining') ?? 0)).to.be.within(1_900, 30_000);
	});

	it('the certificate is replaced › a broken one is logged, a valid one is used, and the replica stays ready', async () => {
		const { program, send, probe } = await start();
		const metric = async (name: string): Promise<number> => {
			const line = (await probe('/metrics')).body.split('\n').find((one) => one.startsWith(`${name} `));
			return Number(line?.split(' ')[1]);
		};
		const expiry = (): Promise<number> => metric('thv_scaling_certificate_expiry_timestamp_seconds');
		/** Waits until the last self-check is too old to be reused. */
		const staysReady = async (): Promise<void> => {
			const endMs = performance.now() + 1_100;
			while (performance.now() < endMs) expect(await probe('/readyz')).to.deep.equal(OK);
		};
		await program.logged('ready');
		const { serialNumber: firstSerial } = await send();
		const firstExpiry = await expiry();
		expect(firstExpiry * 1000).to.be.closeTo(Date.now() + 30 * 86_400_000, 600_000);

		volume().swap({ cert: (await issueServing(ca())).cert, key: ca().key });
		const line = await program.logged('the new certificate is not usable; the previous one is still served');
		expect(JSON.stringify(line)).to.contain('key values mismatch').and.not.to.contain('PRIVATE KEY');
		expect(await metric('thv_scaling_certificate_reloads_total{result="failed"}')).to.equal(1);
		expect((await send()).serialNumber).to.equal(firstSerial);
		expect(await expiry()).to.equal(firstExpiry);
		await staysReady();

		volume().swap(await issueServing(ca(), { days: 60 }));
		await program.logged('certificate reloaded');
		expect(await metric('thv_scaling_certificate_reloads_total{result="loaded"}')).to.equal(1);
		expect((await send()).serialNumber).not.to.equal(firstSerial);
		expect(await expiry()).to.be.greaterThan(firstExpiry);
		await staysReady();
	});

	it('the log at debug, through errors › no token, key or password, and no forged line', async () => {
		const env = { NODE_DEBUG: '', THV_SCALING_PASSWORD: PASSWORD };
		const { program, send } = await start(['--log-level=debug', '--drain-seconds=0'], env);
		await program.logged('ready');
		const owner = { apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPServer', name: 'github', uid: 'u' };
		const metadata = { name: 'github', ownerReferences: [owner], annotations: { password: PASSWORD } };
		const spec = { template: { spec: { containers: [{ env: [{ name: 'P', value: PASSWORD }] }] } } };
		const named = { uid: INJECTION, name: INJECTION, kind: { kind: INJECTION }, object: { metadata, spec } };
		await send(reviewWith({ ...named, operation: 'CREATE' }));
		await send(reviewWith({ ...named, operation: INJECTION }));
		await api().down();
		await send(reviewWith({ ...named, operation: 'CREATE' }));
		const { cert, key } = await issueServing(ca());
		volume().swap({ cert, key: ca().key });
		await program.logged('the new certificate is not usable; the previous one is still served');
		await program.logged('review failed');
		program.process.kill('SIGTERM');
		const { stdout, stderr } = await program.ended;
		expect(program.log().map(({ msg }) => msg)).to.not.include('planted');
		expect(program.log().some(({ name }) => name === INJECTION)).to.equal(true);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: the log must not contain them
		expect(stdout + stderr).not.to.match(/\u001b|\r/);
		const keys = [key, ca().key].map((pem) => pem.split('\n')[1] ?? '');
		for (const secret of [PASSWORD, BEARER, 'scripted-token', 'PRIVATE KEY', 'containers', ...keys])
			expect(stdout + stderr).not.to.contain(secret);
	});
});
