import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { issueCa, issueServing } from '../../certs/issue.ts';
import { needH2load } from '../../test/harness/need-h2load.ts';
import { h2loadVersion, type Job, ProgramMissing, runH2load } from './h2load.ts';

describe('bench: h2load', function () {
	this.timeout(30_000);
	needH2load();
	let server: Server;
	let job: Job;
	let requests: string[];
	let statusOf: (count: number) => number;

	before(async () => {
		server = createServer(await issueServing(await issueCa()), async (request, response) => {
			let body = '';
			for await (const chunk of request) body += chunk;
			requests.push(`${request.method} ${request.url} ${request.headers['x-test']} ${body}`);
			// Only the p99 shows that one request in twenty is slow.
			const count = requests.length;
			if (count === 3) await sleep(100);
			response.writeHead(statusOf(count)).end('{}');
		});
		await once(server.listen(0, '127.0.0.1'), 'listening');
		const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/mutate`;
		job = { url, body: '{"a":1}', headers: { 'x-test': 'yes' }, connections: 2, length: { requests: 20 } };
	});
	after(() => {
		server?.closeAllConnections();
		server?.close();
	});
	beforeEach(() => {
		requests = [];
		statusOf = () => 201;
	});
	const failureOf = (other: Partial<Job>): Promise<unknown> =>
		runH2load({ ...job, ...other }).catch((error: Error) => error.message);

	it('a number of requests › all requests are sent, with body and headers, and each has a latency', async () => {
		const load = await runH2load(job);
		expect(requests).to.deep.equal(Array(20).fill('POST /mutate yes {"a":1}'));
		expect(load).to.include({ requests: 20, failed: 0 });
		expect(load.latenciesMs).to.have.length(20);
		expect(load.p99Ms).to.be.at.least(100).and.above(load.p50Ms);
		for (const ms of load.latenciesMs) expect(ms).to.be.within(0.01, load.seconds * 1000 + 0.01);
	});
	it('a duration or a rate › requests are sent for that long, and not faster', async () => {
		const load = await runH2load({ ...job, length: { seconds: 1 } });
		expect(load.seconds).to.be.within(0.3, 2);
		expect(load.requests).to.be.closeTo(requests.length, 2);
		expect((await runH2load({ ...job, length: { requests: 10 }, perSecond: 10 })).seconds).to.be.above(0.7);
	});
	it('429 and 5xx › counted if requests may fail, else an error', async () => {
		statusOf = (count) => (count % 20 === 3 ? 429 : count % 20 === 6 ? 500 : 200);
		expect(await runH2load({ ...job, mayFail: true })).to.include({ requests: 20, failed: 2 });
		expect(await failureOf({})).to.match(/^h2load: 2 of 20 requests to .* failed:/);
	});
	it('another status, or no server › rejects', async () => {
		statusOf = (count) => (count === 5 ? 404 : 200);
		expect(await failureOf({})).to.equal(`${job.url} answered 404`);
		expect(await failureOf({ url: 'https://127.0.0.1:1/' })).to.match(/^h2load/);
	});
	it('a port without TLS › h2load ends without a response', async () => {
		const silent = createTcpServer().listen(0, '127.0.0.1');
		await once(silent, 'listening');
		const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
		const load = await runH2load({ ...job, url, length: { seconds: 0.2 }, mayFail: true, idleSeconds: 1 });
		silent.close();
		expect(load.requests).to.equal(load.failed);
	});
	it('not installed › the error names the packages', () => {
		const { PATH } = process.env;
		process.env['PATH'] = '/nowhere';
		try {
			expect(h2loadVersion).to.throw(ProgramMissing, /^h2load is not installed; .*apt-get install nghttp2-client/);
		} finally {
			process.env['PATH'] = PATH;
		}
	});
});
