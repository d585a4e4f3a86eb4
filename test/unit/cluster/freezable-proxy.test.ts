import { type AddressInfo, connect, createServer } from 'node:net';
import { expect } from 'chai';
import { it } from 'mocha';
import { startFreezableProxy } from '../../harness/freezable-proxy.ts';
import { until } from '../../harness/until.ts';

it('a stalled network holds what comes, and knows that it does', async () => {
	const server = createServer((socket) => socket.pipe(socket));
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const proxy = await startFreezableProxy(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
	const client = connect(Number(new URL(proxy.url).port), '127.0.0.1');
	let heard = '';
	client.setEncoding('utf8').on('data', (text: string) => {
		heard += text;
	});
	client.write('one');
	await until(() => heard === 'one');
	expect(proxy.waiting()).to.equal(0);
	proxy.stall();
	expect(proxy.waiting()).to.equal(0);
	client.write('two');
	await until(() => proxy.waiting() === 1);
	expect(heard).to.equal('one');
	proxy.resume();
	await until(() => heard === 'onetwo');
	expect(proxy.waiting()).to.equal(0);
	client.destroy();
	await proxy.stop();
	server.close();
});
