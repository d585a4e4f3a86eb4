import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { issueServing } from '../../../certs/issue.ts';
import type { AdmissionDecision } from '../../../src/admission/response.ts';
import { type Certificate, certificateOf } from '../../../src/http/certificate.ts';
import { listenHttps, shutdown, useCertificate } from '../../../src/http/listen.ts';
import { createSelfCheck, SELF_CHECK_PATH, type SelfCheckOptions } from '../../../src/http/self-check.ts';
import { ALLOWED, type Serving, startServing } from '../../harness/serving.ts';
import { until } from '../../harness/until.ts';

describe('http self-check', function () {
	this.timeout(20_000);
	let serving: Serving;
	let held: PromiseWithResolvers<AdmissionDecision> | undefined;
	beforeEach(async () => {
		held = undefined;
		serving = await startServing({ mutate: () => held?.promise ?? ALLOWED, maxInFlight: 1 });
	});
	afterEach(() => serving.stop());

	/** Each call checks again. */
	const checking = (server: HttpsServer = serving.server, options: Partial<SelfCheckOptions> = {}) =>
		createSelfCheck({ server, certificate: () => serving.certificate, maxAgeMs: -1, ...options });
	const another = async (options = {}): Promise<Certificate> => {
		const { cert, key } = await issueServing(serving.authority, options);
		return certificateOf(Buffer.from(cert), Buffer.from(key));
	};

	it('has nothing to say when the port answers', async () => {
		expect(await checking()()).to.equal(undefined);
	});

	it('leaves no trace: it is no review, no refused request, and no line in the log', async () => {
		const numbers = async (): Promise<string[]> =>
			(await serving.metrics.text()).split('\n').filter((line) => line.startsWith('thv_scaling'));
		const before = await numbers();
		await checking()();
		expect(await numbers()).to.deep.equal(before);
		expect(serving.lines).to.deep.equal([]);
	});

	it('gets through while as many requests are in flight as may be', async () => {
		held = Promise.withResolvers();
		const answer = serving.ask();
		await until(() => serving.webhook.inFlight() === 1);
		expect((await serving.ask()).status).to.equal(503);
		expect(await checking()()).to.equal(undefined);
		held.resolve(ALLOWED);
		await answer;
	});

	it('says that nobody accepts connections', async () => {
		const { port } = serving.server.address() as AddressInfo;
		await shutdown(serving.server);
		expect(await checking()()).to.equal('the port is closed');
		const gone = checking({ address: () => ({ port, family: 'IPv4', address: '' }) } as unknown as HttpsServer);
		expect(await gone()).to.include('ECONNREFUSED');
	});

	it('says that handshakes fail', async () => {
		serving.server.setSecureContext({});
		expect(await checking()()).to.match(/handshake failure/i);
	});

	it('says that another certificate is shown than the one that was loaded', async () => {
		useCertificate(serving.server, await another());
		expect(await checking()()).to.equal('shows another certificate than the one that was loaded');
	});

	it('does not mind a certificate that changes on the way', async () => {
		const next = await another();
		let isAsked = false;
		const roundTrip = checking(serving.server, {
			certificate: () => {
				const current = isAsked ? next : serving.certificate;
				isAsked = true;
				return current;
			},
		});
		expect(await roundTrip()).to.equal(undefined);
		expect(await roundTrip()).to.equal('shows another certificate than the one that was loaded');
	});

	it('minds neither the name in it nor that it has ended', async () => {
		const ended = await another({ hosts: ['elsewhere'], days: 1, now: new Date(Date.now() - 10 * 86_400_000) });
		useCertificate(serving.server, ended);
		expect(await checking(serving.server, { certificate: () => ended })()).to.equal(undefined);
	});

	it('gives up on a server that takes a request and does not answer', async () => {
		const mute = await listenHttps(() => undefined, serving.certificate, 0);
		try {
			expect(await checking(mute, { timeoutMs: 200 })()).to.equal('no answer within 0.2 s');
		} finally {
			mute.closeAllConnections();
			await shutdown(mute);
		}
	});

	it('says what else is answered', async () => {
		const other = await listenHttps((_request, response) => response.writeHead(404).end(), serving.certificate, 0);
		expect(await checking(other)()).to.equal('answers 404');
		await shutdown(other);
	});

	it('checks once for calls at the same time and within a second, and again after that', async () => {
		let checks = 0;
		serving.server.on('secureConnection', () => {
			checks += 1;
		});
		const roundTrip = checking(serving.server, { maxAgeMs: 200 });
		await Promise.all([roundTrip(), roundTrip()]);
		await roundTrip();
		expect(checks).to.equal(1);
		await sleep(250);
		await roundTrip();
		expect(checks).to.equal(2);
	});

	it('tells each change once', async () => {
		const told: (string | undefined)[] = [];
		const roundTrip = checking(serving.server, { onChange: (reason) => told.push(reason) });
		await roundTrip();
		serving.server.setSecureContext({});
		await roundTrip();
		await roundTrip();
		useCertificate(serving.server, serving.certificate);
		await roundTrip();
		expect(told).to.have.length(2);
		expect(told[0]).to.match(/handshake failure/i);
		expect(told[1]).to.equal(undefined);
	});

	it('is open to everybody', async () => {
		expect(await serving.ask({ method: 'GET', path: SELF_CHECK_PATH, body: '' })).to.include({
			status: 200,
			text: 'ok\n',
		});
	});
});
