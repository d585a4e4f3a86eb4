import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createTurns, TooMuchWaiting } from '../../src/http/turns.ts';

const SENT = { writableFinished: true } as ServerResponse;

describe('http turns', () => {
	it('one after the other, in their order', async () => {
		const inTurn = createTurns();
		const said: string[] = [];
		const work = (name: string) => async () => {
			said.push(`${name} begins`);
			await sleep(5);
			said.push(`${name} ends`);
		};
		await Promise.all(['a', 'b'].map((name) => inTurn(1, work(name), SENT)));
		expect(said).to.deep.equal(['a begins', 'a ends', 'b begins', 'b ends']);
	});

	it('what fails lets the next one go on', async () => {
		const inTurn = createTurns();
		const failed = inTurn(1, () => Promise.reject(new Error('planted')), SENT).catch((error: Error) => error.message);
		let isDone = false;
		await inTurn(
			1,
			async () => {
				isDone = true;
			},
			SENT,
		);
		expect([await failed, isDone]).to.deep.equal(['planted', true]);
	});

	it('no more waits than may be', async () => {
		const inTurn = createTurns(10);
		const { promise, resolve } = Promise.withResolvers<void>();
		const first = inTurn(10, () => promise, SENT);
		await sleep(1);
		const second = inTurn(10, async () => undefined, SENT);
		const third = await inTurn(1, async () => undefined, SENT).catch((error: unknown) => error);
		expect(third).to.be.instanceOf(TooMuchWaiting);
		resolve();
		await Promise.all([first, second]);
	});

	it('what keeps everybody waiting is followed by a rest as long', async () => {
		const inTurn = createTurns();
		const startedMs = performance.now();
		const busy = async (): Promise<void> => {
			while (performance.now() - startedMs < 100);
		};
		let begunMs = 0;
		await Promise.all([
			inTurn(1, busy, SENT),
			inTurn(
				1,
				async () => {
					begunMs = performance.now() - startedMs;
				},
				SENT,
			),
		]);
		expect(begunMs).to.be.above(190);
	});

	it('an answer that nobody reads is given up', async () => {
		const inTurn = createTurns(10, 20);
		const response = new EventEmitter() as ServerResponse;
		Object.assign(response, { writableEnded: true, destroy: () => response.emit('close') });
		await inTurn(1, async () => undefined, response);
	});
});
