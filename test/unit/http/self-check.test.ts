import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { AdmissionDecision } from '../../../src/admission/response.ts';
import { listenHttps, shutdown, useCertificate } from '../../../src/http/listen.ts';
import { createSelfCheck, SELF_CHECK_PATH, type SelfCheckOptions } from '../../../src/http/self-check.ts';
import { ALLOWED, type Serving, startServing } from '../../harness/serving.ts';
import { until } from '../../harness/until.ts';

describe('self-check', function () {
	this.timeout(20_000);
	let serving: Serving;
	let held: PromiseWithResolvers<AdmissionDecision> | undefined;
	beforeEach(async () => {
		held = undefined;
		serving = await startServing({ mutate: () => held?.promise ?? ALLOWED, maxInFlight: 1 });
	});
	afterEach(() => serving.stop());

	/** Returns a self-check that does not reuse its results. */
	const checking = (options: Partial<SelfCheckOptions> = {}) =>
		createSelfCheck({ server: serving.server, certificate: () => serving.certificate, maxAgeMs: -1, ...options });

	it('the port answers, even at the limit of requests in flight › no reason, no metric changes, no log line', async () => {
		held = Promise.withResolvers();
		const reply = serving.ask();
		await until(() => serving.webhook.inFlight() === 1);
		const samples = async () => (await serving.metrics.text()).match(/^thv_scaling.*$/gm);
		const before = await samples();
		expect(await checking()()).to.equal(undefined);
		const open = await serving.ask({ method: 'GET', path: SELF_CHECK_PATH, body: '' });
		expect(open, 'the response to any client').to.include({ status: 200, text: 'ok\n' });
		expect(await samples()).to.deep.equal(before);
		expect(serving.lines).to.deep.equal([]);
		held.resolve(ALLOWED);
		await reply;
	});

	it('the port is closed, or another process uses it › the reason', async () => {
		const { port } = serving.server.address() as AddressInfo;
		await shutdown(serving.server);
		expect(await checking()()).to.equal('the port is closed');
		const address = () => ({ port, family: 'IPv4', address: '' });
		expect(await checking({ server: { address } as Server })()).to.include('ECONNREFUSED');
	});

	it('the certificate changes during the check › no reason; at the next check the reason', async () => {
		const certificates = [serving.certificate];
		const next = await serving.issue();
		const check = checking({ certificate: () => certificates.shift() ?? next });
		expect(await check()).to.equal(undefined);
		expect(await check()).to.equal('serves another certificate than the loaded one');
	});

	it('the certificate is expired and for another name › no reason', async () => {
		const ended = await serving.issue({ hosts: ['elsewhere'], days: 1, now: new Date(Date.now() - 10 * 86_400_000) });
		useCertificate(serving.server, ended);
		expect(await checking({ certificate: () => ended })()).to.equal(undefined);
	});

	for (const [title, status, reason] of [
		['never answers', undefined, 'no answer within 0.2 s'],
		['answers another status', 404, 'answers 404'],
	] as const) {
		it(`the server ${title} › the reason`, async () => {
			const server = await listenHttps(
				(_request, response) => void (status && response.writeHead(status).end()),
				serving.certificate,
				0,
			);
			expect(await checking({ server, timeoutMs: status === undefined ? 200 : 5_000 })()).to.equal(reason);
			server.closeAllConnections();
			await shutdown(server);
		});
	}

	it('calls at the same time, and within maxAgeMs › one check; later › another one', async () => {
		let checks = 0;
		serving.server.on('secureConnection', () => {
			checks += 1;
		});
		const check = checking({ maxAgeMs: 200 });
		await Promise.all([check(), check()]);
		await check();
		expect(checks).to.equal(1);
		await until(() =>
			sleep(50)
				.then(check)
				.then(() => checks === 2),
		);
	});

	it('the reason changes › onChange is called once for each reason', async () => {
		const changes: (string | undefined)[] = [];
		const check = checking({ onChange: (reason) => changes.push(reason) });
		await check();
		serving.server.setSecureContext({});
		for (const _ of [1, 2]) await check();
		useCertificate(serving.server, serving.certificate);
		await check();
		expect(changes).to.have.length(2);
		expect(changes[0]).to.match(/handshake failure/i);
		expect(changes[1]).to.equal(undefined);
	});
});
