import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import type { Load } from '../../bench/load.ts';
import { issueCa, issueServing } from '../../certs/issue.ts';

const ALLOWED = '{"response":{"allowed":true}}';

describe('the load', function () {
	this.timeout(30_000);
	let ca: string;
	let certificate: { cert: string; key: string };
	let server: Server;
	let load: ChildProcess;
	let answer: (response: ServerResponse, count: number) => void;
	before(async () => {
		const authority = await issueCa();
		ca = authority.cert;
		certificate = await issueServing(authority);
	});
	beforeEach(async () => {
		let count = 0;
		server = createServer(certificate, (request, response) => {
			count += 1;
			request.resume().on('end', () => answer(response, count));
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		load = fork(join(import.meta.dirname, '../../bench/load.ts'), { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
	});
	afterEach(() => {
		if (load.connected) load.disconnect();
		server.closeAllConnections();
		server.close();
	});

	const open = async (): Promise<void> => {
		const { port } = server.address() as AddressInfo;
		load.send({ port, ca, path: '/', body: '{}', connections: 2, durationMs: 200 });
		await once(load, 'message');
	};
	const run = async (): Promise<Load> => {
		await open();
		load.send('go');
		const [seen] = await once(load, 'message');
		return seen as Load;
	};
	const complaint = async (): Promise<string> => {
		if (load.stderr === null) throw new Error('no stderr');
		const said = text(load.stderr);
		await open();
		load.send('go');
		const [code] = await once(load, 'exit');
		expect(code).to.equal(1);
		return said;
	};

	it('counts what was answered', async () => {
		let answered = 0;
		answer = (response) => {
			answered += 1;
			response.end(ALLOWED);
		};
		const { requests, seconds, p50Ms, p99Ms, closed } = await run();
		expect(requests).to.equal(answered);
		expect(seconds).to.be.at.least(0.2);
		expect(p50Ms).to.be.within(0, p99Ms);
		expect(closed).to.equal(0);
	});
	it('goes on where a connection is closed now and then, and says so', async () => {
		answer = (response, count) => {
			if (count === 3) response.destroy();
			else response.end(ALLOWED);
		};
		const { requests, closed } = await run();
		expect(closed).to.equal(1);
		expect(requests).to.be.above(2);
	});
	it('ends where that is all the server does', async () => {
		answer = (response) => response.destroy();
		expect(await complaint()).to.match(/^load: port \d+ closed a connection after \d+ ms\n$/);
	});
	it('ends at an answer that does not allow', async () => {
		answer = (response) => response.end('{"response":{"allowed":false}}');
		expect(await complaint()).to.match(/"allowed":false/);
	});
});
