/** Bodies are bounded one by one and all together, and what was held is given back however a request ends. */
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { BodiesTooLarge, BodyCutOff, createHeld, readBody } from '../../src/http/body.ts';

const createRequest = (): IncomingMessage => new EventEmitter() as IncomingMessage;

/** What a piece costs besides its bytes. */
const PIECE = 512;
/** Room for ten bytes in two pieces. */
const ROOM = 10 + 2 * PIECE;

const HOLDER = { giveWay: () => undefined };

describe('bodies held', () => {
	it('where one does not fit beside the others, the one that began first is refused', async () => {
		const held = createHeld(ROOM);
		const first = createRequest();
		const refused = readBody(first, held).catch((error: unknown) => error);
		first.emit('data', Buffer.from('12345678'.padEnd(PIECE)));
		const second = createRequest();
		const reading = readBody(second, held);
		second.emit('data', Buffer.from('123'));
		expect(await refused).to.be.instanceOf(BodiesTooLarge);
		first.emit('data', Buffer.from('90'));
		first.emit('end');
		second.emit('data', Buffer.from('4567890'));
		second.emit('end');
		expect(await reading).to.equal('1234567890');
		expect(held.take(HOLDER, ROOM)).to.equal(true);
	});

	it('one that is cut off gives back what it held', async () => {
		const held = createHeld(ROOM);
		const request = createRequest();
		const cut = readBody(request, held).catch((error: unknown) => error);
		request.emit('data', Buffer.from('12345678'));
		request.emit('error', new Error('reset'));
		expect(await cut).to.be.instanceOf(BodyCutOff);
		expect(held.take(HOLDER, ROOM)).to.equal(true);
	});

	it('one that was refused takes no more, and gives back once', async () => {
		const held = createHeld(ROOM);
		const request = createRequest();
		const refused = readBody(request, held).catch((error: unknown) => error);
		request.emit('data', Buffer.from('1234567890+'.padEnd(ROOM)));
		request.emit('data', Buffer.from('12345'));
		request.emit('end');
		expect(await refused).to.be.instanceOf(BodiesTooLarge);
		expect(held.take(HOLDER, ROOM)).to.equal(true);
		expect(held.take(HOLDER, 1)).to.equal(false);
	});

	it('one of many small pieces holds what those cost, and not only its bytes', async () => {
		const held = createHeld(100 * PIECE);
		const request = createRequest();
		const refused = readBody(request, held).catch((error: unknown) => error);
		for (let count = 0; count < 100; count += 1) request.emit('data', Buffer.from('1'));
		expect(await refused).to.be.instanceOf(BodiesTooLarge);
	});
});
