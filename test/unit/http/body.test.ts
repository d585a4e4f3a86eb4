import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { BODY_LIMIT_BYTES, BodyCutOff, BodyTooLarge, readBody } from '../../../src/http/body.ts';
import { createBudget } from '../../../src/http/budget.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const createRequest = (headers = {}): IncomingMessage =>
	Object.assign(new EventEmitter(), { headers }) as IncomingMessage;

describe('http budget', () => {
	it('a reservation › up to the limit, and again after a release', () => {
		const budget = createBudget(10);
		expect(budget.reserve(10)).to.equal(true);
		expect(budget.reserve(1)).to.equal(false);
		expect(budget.reserve(0)).to.equal(true);
		budget.release(4);
		expect(budget.reserve(5)).to.equal(false);
		expect(budget.reserve(4)).to.equal(true);
	});
});

describe('http body', () => {
	for (const declared of [{}, { 'content-length': '5' }]) {
		it(`in pieces, ${JSON.stringify(declared)} › read as it was sent`, async () => {
			const request = createRequest(declared);
			const reading = readBody(request);
			for (const piece of ['1', '23', '4', '5']) request.emit('data', Buffer.from(piece));
			request.emit('end');
			expect(await reading).to.equal('12345');
		});
	}
	it('in one piece, or empty › read as it was sent', async () => {
		for (const body of ['12345', '']) {
			const request = createRequest();
			const reading = readBody(request);
			if (body !== '') request.emit('data', Buffer.from(body));
			request.emit('end');
			expect(await reading).to.equal(body);
		}
	});
	for (const [name, bytes, isRejected] of [
		['257 chunks of one byte', 1, true],
		['257 chunks of 64 bytes', 64, false],
	] as const) {
		it(`${name} › ${isRejected ? 'the connection is closed' : 'read'}`, async () => {
			let isDestroyed = false;
			const destroy = (): void => {
				isDestroyed = true;
			};
			const request = Object.assign(createRequest(), { destroy });
			const reading = readBody(request).catch((error: unknown) => error);
			for (let count = 0; count < 257; count += 1) request.emit('data', Buffer.alloc(bytes, ' '));
			request.emit('end');
			expect(isDestroyed).to.equal(isRejected);
			if (isRejected) expect(await reading).to.be.instanceOf(BodyCutOff);
			else expect(await reading).to.equal(' '.repeat(257 * bytes));
		});
	}
	it('longer than it may be › BodyTooLarge', async () => {
		const request = createRequest();
		const reading = readBody(request).catch((error: unknown) => error);
		for (let count = 0; count < 8; count += 1) request.emit('data', Buffer.alloc(BODY_LIMIT_BYTES / 7));
		expect(await reading).to.be.instanceOf(BodyTooLarge);
	});
	it('longer than it may be, and never ending › what was received is freed', async () => {
		const requests = Array.from({ length: 20 }, () => createRequest());
		const before = process.memoryUsage().arrayBuffers;
		for (const request of requests) {
			const reading = readBody(request).catch((error: unknown) => error);
			// The last chunk would fit into the limit again.
			for (const bytes of [BODY_LIMIT_BYTES - 1, 2, 1]) request.emit('data', Buffer.alloc(bytes));
			await reading;
		}
		collectGarbage();
		await setImmediate();
		collectGarbage();
		expect(process.memoryUsage().arrayBuffers - before).to.be.below(2 * BODY_LIMIT_BYTES);
		expect(requests).to.have.length(20);
	});
	it('cut off › BodyCutOff', async () => {
		const request = createRequest();
		const reading = readBody(request).catch((error: unknown) => error);
		request.emit('data', Buffer.from('12345678'));
		request.emit('error', new Error('reset'));
		expect(await reading).to.be.instanceOf(BodyCutOff);
	});
});
