/**
 * Tests the limits for a review (requests in flight, bytes of waiting bodies, time), and then its log lines and
 * metrics.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type AdmissionDecision, allow, deny } from '../../../src/admission/response.ts';
import { TooManyLookups } from '../../../src/api/errors.ts';
import type { Json } from '../../../src/api/types.ts';
import type { Handler } from '../../../src/http/handle.ts';
import { ALLOWED, oneConnection, reviewWith, type Serving, startServing } from '../../harness/serving.ts';
import { until } from '../../harness/until.ts';

const MIB = 1024 * 1024;
const REVIEW = JSON.stringify(reviewWith());
const large = (length: number, name = 'other'): Json => reviewWith({ name, object: { text: 'x'.repeat(length) } });

describe('limits of a review', function () {
	this.timeout(60_000);
	let serving: Serving;
	let handler: Handler;
	before(async () => {
		serving = await startServing({ maxInFlight: 2, mutate: (request, signal) => handler(request, signal) });
	});
	beforeEach(() => {
		handler = () => ALLOWED;
	});
	after(() => serving.stop());

	const releases: (() => void)[] = [];
	// A failed test would otherwise leave requests in flight for the next one.
	afterEach(() => {
		for (const release of releases.splice(0)) release();
	});
	/** Returns a handler that answers reviews with the name `waits` only after `resolve` is called. */
	function createWaiting(): { resolve: () => void; waiting: Handler } {
		const { promise, resolve } = Promise.withResolvers<AdmissionDecision>();
		releases.push(() => resolve(ALLOWED));
		return { resolve: () => resolve(ALLOWED), waiting: ({ name }) => (name === 'waits' ? promise : ALLOWED) };
	}

	it('requests in flight › one more than the limit › 503 with Retry-After, and the connection is closed', async () => {
		const { waiting, resolve } = createWaiting();
		handler = waiting;
		const agent = oneConnection();
		const body = reviewWith({ name: 'waits' });
		const taken = [serving.ask({ body }), serving.ask({ body })];
		await until(() => serving.webhook.inFlight() === 2);
		const refused = await serving.ask({ agent });
		expect(refused.status).to.equal(503);
		expect(refused.headers).to.include({ 'retry-after': '1', connection: 'close' });
		expect(refused.json).to.include({ code: 503, reason: 'ServiceUnavailable' });
		expect(serving.webhook.inFlight()).to.equal(2);
		resolve();
		expect((await Promise.all(taken)).map(({ status }) => status)).to.deep.equal([200, 200]);
		expect(serving.webhook.inFlight()).to.equal(0);
		expect(await serving.ask({ agent })).to.include({ status: 200, isReused: false });
		agent.destroy();
		expect(await serving.metrics.text()).to.contain('thv_scaling_refused_requests_total{code="503"} 1');
	});

	for (const [title, body, pauseMs, mostMs, isHandled] of [
		['a decision takes longer than the timeout › 504 before the API server stops waiting', REVIEW, 0, 2_350, true],
		['an upload takes half of the timeout › 504 after the remaining time', REVIEW, 800, 2_350, true],
		['an upload takes longer than the timeout › 504 without parsing the body', '{!', 2_000, 5_000, undefined],
	] as const) {
		it(title, async () => {
			let received: AbortSignal | undefined;
			handler = (_request, signal) => {
				received = signal;
				return sleep(60_000, ALLOWED, { signal });
			};
			const startedMs = performance.now();
			const socket = await serving.dial();
			socket.write(`POST /mutate?timeout=2s HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`);
			socket.write(body.slice(0, 1));
			await sleep(pauseMs);
			socket.write(body.slice(1));
			const response = String(await once(socket, 'data'));
			expect(performance.now() - startedMs).to.be.within(1_590, mostMs);
			expect(response).to.match(/^HTTP\/1\.1 504 .*"message":"no answer within 1600 ms","reason":"Timeout"/s);
			expect([received?.aborted, serving.webhook.inFlight()]).to.deep.equal([isHandled, 0]);
			socket.destroy();
		});
	}

	it('reviews that wait for a look-up › as many as the byte budget holds, and small ones that do not wait are answered', async () => {
		const { waiting, resolve } = createWaiting();
		const wide = await startServing({ mutate: waiting });
		const body = large(60_000, 'waits');
		const fitting = Math.floor((8 * MIB) / JSON.stringify(body).length);
		const first = Array.from({ length: fitting + 10 }, () => wide.ask({ path: '/mutate?timeout=30s', body }));
		const statuses = Promise.all(first.map(async (one) => (await one).status));
		await until(async () => (await wide.metrics.text()).includes('refused_requests_total{code="503"} 10'));
		expect((await wide.ask({ body: large(60_000) })).status).to.equal(200);
		expect((await wide.ask({ body: large(100_000) })).status).to.equal(503);
		resolve();
		const seen = Map.groupBy(await statuses, (status) => status);
		expect([seen.get(200)?.length, seen.get(503)?.length]).to.deep.equal([fitting, 10]);
		expect((await wide.ask({ body: large(100_000) })).status).to.equal(200);
		await wide.stop();
	});

	for (const framing of [`Content-Length: ${7 * MIB}\r\n\r\n{`, 'Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n']) {
		const [header] = framing.split(':');
		it(`large bodies that stop › use up the byte budget until they are gone; small reviews are answered: ${header}`, async () => {
			const stopped = await serving.dial();
			stopped.write(`POST /mutate HTTP/1.1\r\nHost: x\r\n${framing}`);
			const body = large(2_000_000);
			await until(async () => (await serving.ask({ body })).status === 503);
			expect((await serving.ask()).status).to.equal(200);
			stopped.destroy();
			await until(async () => (await serving.ask({ body })).status === 200);
		});
	}

	it('a large review that waits › another large one is answered', async () => {
		const { waiting, resolve } = createWaiting();
		handler = waiting;
		const first = serving.ask({ body: large(100_000, 'waits') });
		await until(() => serving.webhook.inFlight() === 1);
		expect((await serving.ask({ body: large(100_000) })).status).to.equal(200);
		resolve();
		expect((await first).status).to.equal(200);
	});
});

const SECRET = 'hunter2-is-the-password';
const OBJECT = {
	metadata: { name: 'github', annotations: { note: SECRET } },
	spec: { template: { spec: { containers: [{ env: [{ name: 'REDIS_PASSWORD', value: SECRET }] }] } } },
};
const FIELDS = ['level', 'time', 'uid', 'kind', 'namespace', 'name', 'operation', 'verdict', 'ms', 'msg'];
const COMMON = { uid: 'uid-9', kind: 'Deployment', namespace: 'shop', operation: 'UPDATE' };

describe('log and metrics of reviews', () => {
	let serving: Serving;
	before(async () => {
		const warning = { id: 'some-id', field: 'spec', message: SECRET };
		const patch = [{ op: 'add', path: '/x', value: SECRET }] as const;
		serving = await startServing({
			logLevel: 'debug',
			mutate: ({ name }) => {
				if (name === 'throws') throw new Error('planted bug');
				if (name === 'cannot wait') throw new TooManyLookups();
				if (name === 'patched') return { allowed: true, patch, findings: [] };
				return name === 'warned' ? allow([{ ...warning, id: 'other-id' }]) : ALLOWED;
			},
			validate: () => deny([{ id: 'bad', field: 'spec', message: SECRET, parts: [] }], [warning, warning]),
		});
	});
	after(() => serving.stop());

	for (const [path, name, status, verdict, level, msg] of [
		['/mutate', 'plain', 200, 'unchanged', 20, 'review'],
		['/mutate', 'warned', 200, 'unchanged', 30, 'review'],
		['/mutate', 'patched', 200, 'mutated', 30, 'review'],
		['/validate', 'denied', 200, 'denied', 30, 'review'],
		['/mutate', 'throws', 500, 'error', 50, 'review failed'],
		['/mutate', 'cannot wait', 503, 'error', 40, 'review refused: too many look-ups'],
	] as const) {
		it(`a review › ${name} › ${status}, and one line of level ${level}, with verdict ${verdict}`, async () => {
			const linesBefore = serving.lines.length;
			const body = reviewWith({ uid: 'uid-9', name, operation: 'UPDATE', object: OBJECT });
			expect(await serving.ask({ path, body })).to.include({ status });
			expect(serving.lines).to.have.length(linesBefore + 1);
			const line: Json = JSON.parse(serving.lines.at(-1) ?? '');
			expect(Object.keys(line)).to.have.members([...FIELDS, ...(status === 500 ? ['err'] : [])]);
			expect(line).to.deep.include({ ...COMMON, level, name, verdict, msg });
			expect(line['ms']).to.be.a('number').within(0, 10_000);
			expect(line['time']).to.be.closeTo(Date.now(), 10_000);
		});
	}

	it('a log line › never contains an object or a password', async () => {
		for (const body of [`{"password": "${SECRET}"}`, `"${SECRET}`, reviewWith({ object: [SECRET] })]) {
			await serving.ask({ body });
		}
		expect(serving.lines.join('')).not.to.contain('hunter2').and.not.to.contain('containers');
	});

	it('metrics › count by operation, resource and verdict › names from requests make no time series', async () => {
		for (let count = 0; count < 30; count += 1) {
			const resource = { group: `g${count}`, version: 'v1', resource: `things${count}` };
			const names = { operation: `OP${count}`, subResource: `s${count}`, kind: { kind: `K${count}` } };
			await serving.ask({ body: reviewWith({ resource, ...names }) });
		}
		await serving.ask({ body: reviewWith({ subResource: 'scale' }) });
		await serving.ask({ body: reviewWith({ operation: 'DELETE' }) });
		const text = await serving.metrics.text();
		const counts = [...text.matchAll(/^thv_scaling_review_duration_seconds_count\{(.*)\} (\d+)$/gm)];
		expect(counts.map(([, labels = '', count]) => `${labels.replaceAll(/\w+=|"/g, '')} ${count}`)).to.have.members([
			'UPDATE,apps/deployments,unchanged 2',
			'UPDATE,apps/deployments,mutated 1',
			'UPDATE,apps/deployments,denied 1',
			'UPDATE,apps/deployments,error 2',
			'CREATE,apps/deployments/scale,unchanged 1',
			'DELETE,apps/deployments,unchanged 1',
			'other,other,unchanged 30',
		]);
		expect(text).to.contain('thv_scaling_warnings_total{rule="some-id"} 2');
		expect(text).to.contain('thv_scaling_denials_total{rule="bad"} 1');
		expect(text).to.contain('thv_scaling_refused_requests_total{code="400"} 3');
		expect(text).to.contain('thv_scaling_requests_in_flight 0');
	});
});
