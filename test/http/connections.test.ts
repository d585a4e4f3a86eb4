import { once } from 'node:events';
import { Agent, createServer, request } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { issueCa, issueServing } from '../../certs/issue.ts';
import { limitConnections } from '../../src/http/connections.ts';

describe('http connections', () => {
	let server: ReturnType<typeof createServer>;
	let port: number;
	let agent: Agent;
	let answered: PromiseWithResolvers<void>;
	beforeEach(async () => {
		answered = Promise.withResolvers();
		agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
		const { cert, key } = await issueServing(await issueCa());
		server = createServer({ cert, key }, (_request, response) => void answered.promise.then(() => response.end('ok')));
		answered.resolve();
		limitConnections(server, 3);
		server.listen(0, '127.0.0.1');
		await once(server, 'listening');
		port = (server.address() as AddressInfo).port;
	});
	afterEach(() => {
		agent.destroy();
		server.close();
		server.closeAllConnections();
	});
	const silent = async (): Promise<Socket> => {
		const socket = connect(port, '127.0.0.1').on('error', () => undefined);
		await once(socket, 'connect');
		return socket;
	};
	/** Whether the connection was there already. */
	const ask = (): Promise<boolean> =>
		new Promise((resolve, reject) => {
			const sent = request({ port, host: '127.0.0.1', agent }, (response) => {
				response.resume().on('end', () => resolve(sent.reusedSocket));
			});
			sent.on('error', reject).end();
		});

	it('of too many, the one goes that has asked nothing for the longest time, and not the newest', async () => {
		await ask();
		for (let count = 0; count < 10; count += 1) {
			const socket = await silent();
			expect(await ask(), String(count)).to.equal(true);
			expect(socket.destroyed).to.equal(false);
		}
		const open = await new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
		expect(open).to.equal(3);
	});

	it('whoever asked goes, too, when all others asked later', async () => {
		await ask();
		const [socket] = Object.values(agent.freeSockets).flat();
		for (let count = 0; count < 3; count += 1) await silent();
		if (socket?.destroyed === false) await once(socket, 'close');
		expect(await ask()).to.equal(false);
	});

	it('who is being answered stays, also when all others are newer', async () => {
		answered = Promise.withResolvers();
		const asked = once(server, 'request');
		const asking = ask();
		await asked;
		for (let count = 0; count < 10; count += 1) await silent();
		answered.resolve();
		expect(await asking).to.equal(false);
		expect(await ask()).to.equal(true);
	});
});
