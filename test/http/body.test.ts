/** Bodies are bounded one by one and all together, and what was held is given back however a request ends. */
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { BodiesTooLarge, BodyCutOff, createHeld, readBody } from '../../src/http/body.ts';

const createRequest = (): IncomingMessage => new EventEmitter() as IncomingMessage;

describe('bodies held', () => {
	it('one that does not fit beside the others is refused; when they are done there is room again', async () => {
		const held = createHeld(10);
		const first = createRequest();
		const reading = readBody(first, held);
		first.emit('data', Buffer.from('12345678'));
		const second = createRequest();
		const refused = readBody(second, held).catch((error: unknown) => error);
		second.emit('data', Buffer.from('123'));
		expect(await refused).to.be.instanceOf(BodiesTooLarge);
		first.emit('end');
		expect(await reading).to.equal('12345678');
		expect(held.take(10)).to.equal(true);
	});

	it('one that is cut off gives back what it held', async () => {
		const held = createHeld(10);
		const request = createRequest();
		const cut = readBody(request, held).catch((error: unknown) => error);
		request.emit('data', Buffer.from('12345678'));
		request.emit('error', new Error('reset'));
		expect(await cut).to.be.instanceOf(BodyCutOff);
		expect(held.take(10)).to.equal(true);
	});

	it('one that was refused takes no more, and gives back once', async () => {
		const held = createHeld(10);
		const request = createRequest();
		const refused = readBody(request, held).catch((error: unknown) => error);
		request.emit('data', Buffer.from('1234567890+'));
		request.emit('data', Buffer.from('12345'));
		request.emit('end');
		expect(await refused).to.be.instanceOf(BodiesTooLarge);
		expect(held.take(10)).to.equal(true);
		expect(held.take(1)).to.equal(false);
	});
});
