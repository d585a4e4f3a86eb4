/** The load generator against a real HTTPS server: it sends what it is told, as often and as fast, and believes no answer unseen. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { Job } from '../../bench/asker.ts';
import { type Asker, startAsker } from '../../bench/asking.ts';
import { issueCa, issueServing } from '../../certs/issue.ts';

describe('the load generator', () => {
	let server: Server;
	let job: Job;
	let asker: Asker;
	let bodies: string[] = [];
	/** What the server says to the request with that number. */
	let answer = (_: number): { status: number; parts: string[] } => ({ status: 201, parts: ['{"kind":', '"Good"}'] });
	let delayMs = 0;

	before(async () => {
		const authority = await issueCa();
		server = createServer(await issueServing(authority), async (request, response) => {
			let body = '';
			for await (const chunk of request) body += chunk;
			bodies.push(`${request.method} ${request.url} ${request.headers.authorization} ${body}`);
			const { status, parts } = answer(bodies.length);
			await sleep(delayMs);
			response.writeHead(status);
			// In chunks, as the API server sends what is long.
			for (const part of parts) response.write(part);
			response.end();
		});
		server.listen(0, '127.0.0.1');
		await once(server, 'listening');
		const requests = ['a', 'b', 'c'].map((name) => ({ path: `/${name}`, body: `{"name":"${name}"}` }));
		const { port } = server.address() as AddressInfo;
		const contains = ['"kind":"Good"'];
		job = { port, ca: authority.cert, token: 'secret', requests, connections: 2, count: 7, status: 201, contains };
	});
	after(() => {
		server.closeAllConnections();
		server.close();
	});
	beforeEach(() => {
		bodies = [];
		delayMs = 0;
		asker = startAsker();
	});
	afterEach(() => asker.stop());

	it('sends as many as it is told, in turn, and tells how long each took', async () => {
		const { latenciesMs, seconds } = await asker.ask(job);
		expect(latenciesMs).to.have.length(7);
		for (const ms of latenciesMs) expect(ms).to.be.within(0, seconds * 1000);
		expect(bodies.filter((body) => body === 'POST /a Bearer secret {"name":"a"}')).to.have.length(3);
		expect(bodies).to.have.length(7);
	});
	it('at a rate it sends also while nothing is answered, and counts the wait for a connection', async () => {
		delayMs = 100;
		const { latenciesMs, seconds } = await asker.ask({ ...job, connections: 1, count: 5, perSecond: 100 });
		expect(latenciesMs).to.have.length(5);
		// The last was due after 40 ms and had four of 100 ms each before it.
		expect(latenciesMs.at(-1)).to.be.above(400);
		expect(seconds).to.be.above(0.49);
	});
	it('counts what a busy server refuses', async () => {
		const usual = answer;
		answer = (number) => (number % 3 === 0 ? { status: number === 3 ? 429 : 500, parts: ['too busy'] } : usual(number));
		const { latenciesMs, refused } = await asker.ask(job);
		answer = usual;
		expect(refused).to.equal(2);
		expect(latenciesMs).to.have.length(7);
	});
	for (const [what, wrong] of [
		['another status', { status: 404, parts: ['{"kind":"Good"}'] }],
		['another body', { status: 201, parts: ['{"kind":"Bad"}'] }],
	] as const) {
		it(`one answer with ${what} fails it all`, async () => {
			const usual = answer;
			answer = (number) => (number === 5 ? { status: wrong.status, parts: [...wrong.parts] } : usual(number));
			const failure = await asker.ask(job).catch((error: Error) => error.message);
			answer = usual;
			expect(failure).to.match(/^asker: expected 201.*, got: HTTP\/1\.1/s);
		});
	}
});
