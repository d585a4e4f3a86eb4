import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createLooking, createTurns, TooMuchWaiting } from '../../src/http/turns.ts';

const SENT = { writableFinished: true } as ServerResponse;

/** An answer on its way, and what makes it arrive. */
function unsent(): [ServerResponse, () => void] {
	const response = new EventEmitter() as ServerResponse;
	const close = (): void => void response.emit('close');
	const destroy = (): void => {
		Object.assign(response, { destroyed: true });
		close();
	};
	Object.assign(response, { writableEnded: true, destroy });
	return [response, close];
}

describe('http turns', () => {
	it('one after the other, in their order', async () => {
		const inTurn = createTurns();
		const said: string[] = [];
		const [first, answerFirst] = unsent();
		const both = Promise.all([inTurn(1, () => void said.push('a'), first), inTurn(1, () => void said.push('b'), SENT)]);
		await sleep(5);
		expect(said).to.deep.equal(['a']);
		answerFirst();
		await both;
		expect(said).to.deep.equal(['a', 'b']);
	});

	it('one that waits for something lets the next one go on, and is waited for', async () => {
		const inTurn = createTurns();
		const { promise, resolve } = Promise.withResolvers<void>();
		let isFirstOver = false;
		const first = inTurn(1, () => promise, SENT).then(() => {
			isFirstOver = true;
		});
		await inTurn(1, () => undefined, SENT);
		expect(isFirstOver).to.equal(false);
		resolve();
		await first;
	});

	it('what fails lets the next one go on', async () => {
		const inTurn = createTurns();
		const fail = (): void => {
			throw new Error('planted');
		};
		const failed = inTurn(1, fail, SENT).catch((error: Error) => error.message);
		await inTurn(1, () => undefined, SENT);
		expect(await failed).to.equal('planted');
	});

	it('no more waits than may be', async () => {
		const inTurn = createTurns(10);
		const [response, answer] = unsent();
		const first = inTurn(10, () => undefined, response);
		await sleep(1);
		const second = inTurn(10, () => undefined, SENT);
		const third = await inTurn(1, () => undefined, SENT).catch((error: unknown) => error);
		expect(third).to.be.instanceOf(TooMuchWaiting);
		answer();
		await Promise.all([first, second]);
	});

	it('what keeps everybody waiting is followed by a rest as long', async () => {
		const inTurn = createTurns();
		const startedMs = performance.now();
		const busy = (): void => {
			while (performance.now() - startedMs < 100);
		};
		let begunMs = 0;
		await Promise.all([
			inTurn(1, busy, SENT),
			inTurn(
				1,
				() => {
					begunMs = performance.now() - startedMs;
				},
				SENT,
			),
		]);
		expect(begunMs).to.be.above(190);
	});

	it('an answer that nobody reads is given up', async () => {
		const inTurn = createTurns(10, 20);
		const [response] = unsent();
		await inTurn(1, () => undefined, response);
		expect(response.destroyed).to.equal(true);
	});
});

describe('http reviews that look something up', () => {
	const pending = (): Promise<void> => new Promise(() => undefined);

	it('are as many as fit, however large each is', () => {
		const look = createLooking(10);
		look(4, pending());
		look(6, pending());
		expect(() => look(1, pending())).to.throw(TooMuchWaiting);
	});
	it('make room when they are over, well or not', async () => {
		const look = createLooking(10);
		const over = [Promise.resolve(), Promise.reject(new Error('planted'))];
		for (const one of over) look(5, one);
		await sleep(1);
		look(10, pending());
	});
	it('take none while they are refused', () => {
		const look = createLooking(10);
		expect(() => look(11, pending())).to.throw(TooMuchWaiting);
		look(10, pending());
	});
});
