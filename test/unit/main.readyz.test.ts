/** Tests the probes of a process whose event loop, port, certificate or API server does not work. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { issueServing } from '../../certs/issue.ts';
import { issueCa } from '../../src/certificates/issue.ts';
import { useServe } from '../harness/serve-process.ts';
import { until } from '../harness/until.ts';

const OK = { status: 200, body: 'ok\n' };
const NO_RESPONSE = { status: 0, body: '' };
const TOOLHIVE = '/apis/toolhive.stacklok.dev/v1beta1';

describe('serve › probes', function () {
	this.timeout(60_000);
	const { start, api, volume } = useServe([
		...['mcpservers', 'virtualmcpservers', 'mcpremoteproxies'].map((plural) => `${TOOLHIVE}/${plural}`),
	]);

	it('the HTTPS port is closed › alive, not ready with the reason, logged once', async () => {
		const { program, probe } = await start([], { SABOTAGE: 'close' }, { preload: 'sabotage.ts' });
		await program.logged('ready');
		program.process.kill('SIGUSR2');
		await until(async () => (await probe('/readyz')).status === 503);
		const line = await program.logged('HTTPS port does not answer');
		expect(line).to.include({ level: 50, reason: 'the port is closed' });
		expect((await probe('/readyz')).body).to.equal(`tls: ${line['reason']}\n`);
		expect(await probe('/livez')).to.deep.equal(OK);
		expect(program.log().filter(({ msg }) => msg === line['msg'])).to.have.length(1);
	});

	it('the event loop is blocked › no probe gets a response; it runs again › ready', async () => {
		const { program, probe } = await start([], { SABOTAGE: 'block' }, { preload: 'sabotage.ts' });
		await program.logged('ready');
		program.process.kill('SIGUSR2');
		await sleep(100);
		const probes = ['/readyz', '/livez'].map((path) => probe(path, 500));
		expect(await Promise.all(probes)).to.deep.equal([NO_RESPONSE, NO_RESPONSE]);
		await until(async () => (await probe('/readyz')).status === 200);
	});

	it('the watches are interrupted › alive and ready, with the cached objects', async () => {
		const { program, probe } = await start();
		await program.logged('ready');
		await api().down();
		await program.logged('watch interrupted');
		expect([await probe('/livez'), await probe('/readyz')]).to.deep.equal([OK, OK]);
	});

	it('the certificate has expired › ready, because all replicas share it and the API server has its own clock', async () => {
		const now = new Date(Date.now() - 10 * 86_400_000);
		volume().swap(await issueServing(await issueCa({ now }), { days: 1, now }));
		const { program, probe } = await start();
		await program.logged('ready');
		expect(await probe('/readyz')).to.deep.equal(OK);
	});
});
