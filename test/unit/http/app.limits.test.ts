import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import type { AdmissionDecision } from '../../../src/admission/response.ts';
import type { Json } from '../../../src/api/types.ts';
import type { Handler } from '../../../src/http/handle.ts';
import { ALLOWED, oneConnection, reviewWith, type Serving, startServing } from '../../harness/serving.ts';
import { until } from '../../harness/until.ts';

describe('http limits', () => {
	let serving: Serving;
	let handler: Handler = () => ALLOWED;
	before(async () => {
		serving = await startServing({ maxInFlight: 2, mutate: (request, signal) => handler(request, signal) });
	});
	afterEach(() => {
		handler = () => ALLOWED;
	});
	after(() => serving.stop());

	it('sends what is beyond the limit elsewhere with 503 and Retry-After', async () => {
		const { promise, resolve } = Promise.withResolvers<AdmissionDecision>();
		handler = () => promise;
		const agent = oneConnection();
		const taken = [serving.ask(), serving.ask()];
		await until(() => serving.webhook.inFlight() === 2);
		const refused = await serving.ask({ agent });
		expect(refused.status).to.equal(503);
		expect(refused.headers).to.include({ 'retry-after': '1', connection: 'close' });
		expect(refused.json).to.include({ code: 503, reason: 'ServiceUnavailable' });
		expect(serving.webhook.inFlight()).to.equal(2);
		resolve(ALLOWED);
		expect((await Promise.all(taken)).map(({ status }) => status)).to.deep.equal([200, 200]);
		expect(serving.webhook.inFlight()).to.equal(0);
		const next = await serving.ask({ agent });
		agent.destroy();
		expect({ status: next.status, isReused: next.isReused }).to.deep.equal({ status: 200, isReused: false });
		expect(await serving.metrics.text()).to.contain('thv_scaling_refused_requests_total{code="503"} 1');
	});

	it('never asks to come again where the next answer would be the same', async () => {
		for (const question of [{ body: '{' }, { path: '/nowhere' }, { method: 'GET', body: '' }]) {
			expect((await serving.ask(question)).headers).not.to.have.property('retry-after');
		}
	});

	it('answers before the API server stops waiting, and ends the work', async () => {
		let signalled: AbortSignal | undefined;
		handler = (_request, signal) => {
			signalled = signal;
			return new Promise(() => undefined);
		};
		const startedMs = performance.now();
		const { status, json } = await serving.ask({ path: '/mutate?timeout=3s' });
		expect(performance.now() - startedMs).to.be.within(2_390, 3_000);
		expect(status).to.equal(504);
		expect(json).to.include({ code: 504, reason: 'Timeout', message: 'no answer within 2400 ms' });
		expect(signalled?.aborted).to.equal(true);
		expect(serving.webhook.inFlight()).to.equal(0);
		expect(JSON.parse(serving.lines.at(-1) ?? '')).to.include({ uid: 'uid-1', verdict: 'error' });
	});

	it('outlives work that fails after its time was up', async () => {
		handler = async (_request, signal) => {
			await sleep(60_000, undefined, { signal });
			return ALLOWED;
		};
		expect((await serving.ask({ path: '/mutate?timeout=100ms' })).status).to.equal(504);
		expect((await serving.ask({ path: '/mutate?timeout=100ms' })).status).to.equal(504);
	});

	it('counts the time of the upload', async () => {
		handler = (_request, signal) => new Promise((_, reject) => signal.addEventListener('abort', reject));
		const socket = await serving.dial();
		const startedMs = performance.now();
		socket.write('POST /mutate?timeout=4s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ');
		const body = JSON.stringify({
			apiVersion: 'admission.k8s.io/v1',
			kind: 'AdmissionReview',
			request: { uid: 'slow', operation: 'DELETE', resource: { resource: 'pods' } },
		});
		socket.write(`${body.length}\r\n\r\n${body.slice(0, 10)}`);
		await sleep(2_000);
		socket.write(body.slice(10));
		const [first] = await new Promise<Buffer[]>((resolve) => socket.once('data', (chunk) => resolve([chunk])));
		expect(String(first)).to.match(/^HTTP\/1\.1 504 /);
		expect(performance.now() - startedMs).to.be.within(3_190, 5_000);
		socket.destroy();
	});

	it('leaves no timer behind a review that was answered', async () => {
		handler = async () => ALLOWED;
		const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
		await serving.ask();
		const timersBefore = timers();
		for (let count = 0; count < 20; count += 1) await serving.ask({ path: '/mutate?timeout=30s' });
		expect(timers()).to.be.at.most(timersBefore + 2);
	});

	const lengthy = (length: number, name = 'other'): Json => reviewWith({ name, object: { text: 'x'.repeat(length) } });

	it('reviews that wait for a look-up › as many as the byte budget holds, and small ones that do not wait are answered', async () => {
		const { promise, resolve } = Promise.withResolvers<AdmissionDecision>();
		const wide = await startServing({ mutate: ({ name }) => (name === 'waits' ? promise : ALLOWED) });
		const body = lengthy(60_000, 'waits');
		const waits = (): Promise<{ status: number }> => wide.ask({ body });
		const fitting = Math.floor((8 * 1024 * 1024) / JSON.stringify(body).length);
		const first = Array.from({ length: fitting + 10 }, waits);
		const statuses = Promise.all(first.map(async (one) => (await one).status));
		await until(async () => (await wide.metrics.text()).includes('refused_requests_total{code="503"} 10'));
		expect((await wide.ask({ body: lengthy(60_000) })).status).to.equal(200);
		expect((await wide.ask({ body: lengthy(100_000) })).status).to.equal(503);
		resolve(ALLOWED);
		const seen = Map.groupBy(await statuses, (status) => status);
		expect([seen.get(200)?.length, seen.get(503)?.length]).to.deep.equal([fitting, 10]);
		expect((await wide.ask({ body: lengthy(100_000) })).status).to.equal(200);
		await wide.stop();
	});

	for (const framing of [
		`Content-Length: ${7 * 1024 * 1024}\r\n\r\n{`,
		'Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n',
	]) {
		const [header] = framing.split(':');
		it(`large bodies that stop › use up the byte budget until they are gone; small reviews are answered: ${header}`, async () => {
			const stopped = await serving.dial();
			stopped.write(`POST /mutate HTTP/1.1\r\nHost: x\r\n${framing}`);
			const large = { body: lengthy(2_000_000) };
			await until(async () => (await serving.ask(large)).status === 503);
			expect((await serving.ask()).status).to.equal(200);
			stopped.destroy();
			await until(async () => (await serving.ask(large)).status === 200);
		});
	}

	it('a large one that waits for something holds up no other large one', async () => {
		const { promise, resolve } = Promise.withResolvers<AdmissionDecision>();
		handler = ({ name }) => (name === 'waits' ? promise : ALLOWED);
		const waiting = serving.ask({ body: lengthy(100_000, 'waits') });
		await until(() => serving.webhook.inFlight() === 1);
		expect((await serving.ask({ body: lengthy(100_000) })).status).to.equal(200);
		resolve(ALLOWED);
		expect((await waiting).status).to.equal(200);
	});

	it('looks at nothing whose time was up before it was there', async () => {
		const socket = await serving.dial();
		socket.write('POST /mutate?timeout=100ms HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{');
		await sleep(200);
		socket.write('!');
		const [first] = (await once(socket, 'data')) as [Buffer];
		expect(String(first)).to.match(/^HTTP\/1\.1 504 /);
		socket.destroy();
	});
});
