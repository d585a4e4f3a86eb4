import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { BODY_LIMIT_BYTES, BodyCutOff, readBody } from '../../../src/http/body.ts';
import { createBudget } from '../../../src/http/budget.ts';
import { ALLOWED, reviewWith, type Serving, startServing } from '../../harness/serving.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');
const MIB = 1024 * 1024;

it('budget › amounts are reserved and released › the limit holds for their sum', () => {
	const budget = createBudget(10);
	expect([10, 1, 0].map(budget.reserve)).to.deep.equal([true, false, true]);
	budget.release(4);
	expect([5, 4].map(budget.reserve)).to.deep.equal([false, true]);
});

describe('readBody', () => {
	const createRequest = (): IncomingMessage & { isDestroyed?: boolean } => {
		const request = Object.assign(new EventEmitter(), {
			destroy: () => Object.assign(request, { isDestroyed: true }),
		}) as unknown as IncomingMessage;
		return request;
	};
	/** Returns the result of `readBody`, or its error. */
	function read(chunks: readonly Buffer[], request = createRequest()): Promise<unknown> {
		const reading = readBody(request).catch((error: unknown) => error);
		for (const chunk of chunks) request.emit('data', chunk);
		request.emit('end');
		return reading;
	}
	const spaces = (...lengths: number[]): Buffer[] => lengths.map((length) => Buffer.alloc(length, ' '));

	for (const [title, chunks, expected] of [
		['several chunks', ['1', '23', '4', '5'], '12345'],
		['no chunk', [], ''],
		['a chunk that ends inside a character', [[0x61, 0xc3], [0xa9]], 'aé'],
		['257 chunks of 64 bytes', Array(257).fill(' '.repeat(64)), ' '.repeat(257 * 64)],
	] as const) {
		it(`${title} › the request ends › the text`, async () => {
			expect(await read(chunks.map((chunk) => Buffer.from(chunk as string)))).to.equal(expected);
		});
	}

	it('257 chunks › of one byte › BodyCutOff, and the connection is closed', async () => {
		const request = createRequest();
		expect(await read(spaces(...Array(257).fill(1)), request)).to.be.instanceOf(BodyCutOff);
		expect(request.isDestroyed).to.equal(true);
	});
	it('a body above the limit › the request stays open › the received bytes are freed', async () => {
		const requests = Array.from({ length: 20 }, () => createRequest());
		const before = process.memoryUsage().arrayBuffers;
		// Without the earlier chunks, the last chunk alone would not exceed the limit.
		for (const request of requests) await read(spaces(BODY_LIMIT_BYTES - 1, 2, 1), request);
		collectGarbage();
		await setImmediate();
		collectGarbage();
		expect(process.memoryUsage().arrayBuffers - before).to.be.below(2 * BODY_LIMIT_BYTES);
		expect(requests).to.have.length(20);
	});
});

describe('bodies over HTTP', function () {
	this.timeout(30_000);
	let serving: Serving;
	let lastLength: number | undefined;
	before(async () => {
		serving = await startServing({
			logLevel: 'debug',
			mutate: ({ object }) => {
				lastLength = String(object?.['padding']).length;
				return ALLOWED;
			},
		});
	});
	after(() => serving.stop());

	for (const isChunked of [false, true]) {
		const framing = isChunked ? 'chunked' : 'with a declared length';

		it(`7 MiB › ${framing} › read whole`, async () => {
			const bodyWith = (padding: string): string => JSON.stringify(reviewWith({ object: { padding } }));
			const length = 7 * MIB - bodyWith('').length;
			const { status } = await serving.ask({ body: bodyWith('x'.repeat(length)), isChunked });
			expect([status, lastLength]).to.deep.equal([200, length]);
		});

		it(`7 MiB and a byte › ${framing} › 413 that the client can read, and the connection is closed`, async () => {
			lastLength = undefined;
			const { status, headers, json } = await serving.ask({ body: Buffer.alloc(7 * MIB + 1, 'x'), isChunked });
			expect([status, headers['connection']]).to.deep.equal([413, 'close']);
			expect(json).to.include({ code: 413, reason: 'RequestEntityTooLarge' });
			expect(json?.['message']).to.contain('7340032 bytes');
			expect([lastLength, serving.webhook.inFlight()]).to.deep.equal([undefined, 0]);
		});

		it(`40 MiB › ${framing} › the connection is closed before the end`, async () => {
			const sending = serving.ask({ body: Buffer.alloc(40 * MIB, 'x'), isChunked });
			const error: unknown = await sending.catch((reason) => reason);
			expect(error).to.have.property('code').that.is.oneOf(['EPIPE', 'ECONNRESET']);
			expect((await serving.ask()).status).to.equal(200);
		});
	}

	it('half a body › not in flight, and not logged when the client leaves', async () => {
		const linesBefore = serving.lines.length;
		const socket = await serving.dial();
		socket.write('POST /mutate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"kind":');
		expect((await serving.ask()).status).to.equal(200);
		expect(serving.webhook.inFlight()).to.equal(0);
		socket.destroy();
		expect((await serving.ask()).status).to.equal(200);
		expect(serving.lines).to.have.length(linesBefore + 2);
	});
});
