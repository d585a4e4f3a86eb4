/** That the fuzzer finds what it looks for: faults planted in targets of its own. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { changed } from './change.ts';
import { type Found, failureOf, signatureOf, smaller } from './failure.ts';
import { DOORS, maze } from './planted.ts';
import { randomOf } from './random.ts';
import { pumped } from './slow.ts';
import type { Target } from './target.ts';

const SEED = 7;
/** As long as texts get that are to show how time grows. */
const LONG = 48 * 1024;

const targetOf = (check: Target['check']): Target => ({ name: 'planted', reads: 'texts', seeds: () => ['a'], check });

/** Uses the processor for so long, however fast it is. */
function burn(ms: number): void {
	const before = process.cpuUsage();
	let sum = 0;
	while (process.cpuUsage(before).user < ms * 1000)
		for (let step = 0; step < 100_000; step += 1) sum = (sum + step) | 0;
	if (sum === 0.5) throw new Error('cannot be: so that nobody leaves the sum out');
}

describe('fuzz: what it finds', function () {
	this.timeout(30_000);

	it('what nobody reaches who keeps nothing', async () => {
		// In a process of its own: what V8 counts for it would be missing in the coverage of the tests.
		const folder = mkdtempSync(join(tmpdir(), 'fuzz-planted-'));
		const file = join(folder, 'found');
		const args = [join(import.meta.dirname, 'one.ts'), 'planted', '4', String(SEED), file];
		await promisify(execFile)(process.execPath, args);
		const { found, corpus, reached, reachedBySeeds } = JSON.parse(readFileSync(file, 'utf8'));
		rmSync(folder, { recursive: true });
		// Made as small as it gets, whatever was found.
		expect(found.map(({ text }: Found) => text)).to.deep.equal([DOORS]);
		expect(found[0].reason).to.include('planted behind 5 doors');
		expect(corpus).to.be.above(DOORS.length - 1);
		expect(reached).to.be.above(reachedBySeeds);
	});
	it('and not by luck: no text made of the first one alone does it', async () => {
		const random = randomOf(SEED);
		for (let run = 0; run < 20_000; run += 1) {
			expect(await failureOf(maze, changed('-', ['-'], maze.words ?? [], random))).to.equal(undefined);
		}
	});

	it('a text that takes long', async () => {
		const slow = targetOf((text) => burn(text === 'slow' ? 500 : 0));
		expect(await failureOf(slow, 'slow')).to.match(/^slow: \d+ ms of CPU time for 4 characters$/);
		expect(await failureOf(slow, 'quick')).to.equal(undefined);
	});
	it('time that grows with the square of the length', async () => {
		const square = targetOf((text) => burn(300 * (text.length / LONG) ** 2));
		const [one] = await pumped(square, ['ab'], 0.1, randomOf(SEED), () => undefined);
		expect(one?.reason).to.match(/^grows faster than its input: .* over and over$/);
	});
	it('but not time that grows with the length', async () => {
		let tries = 0;
		const onTry = (): void => {
			tries += 1;
		};
		const straight = targetOf((text) => burn((300 * text.length) / LONG));
		expect(await pumped(straight, ['ab'], 0.1, randomOf(SEED), onTry)).to.deep.equal([]);
		expect(tries).to.be.above(0);
	});
	it('something new on the prototypes that everything shares', async () => {
		const prototype = Object.prototype as Record<string, unknown>;
		const polluting = targetOf(
			() => void Object.defineProperty(prototype, 'planted', { value: 1, configurable: true }),
		);
		expect(await failureOf(polluting, 'a')).to.include('the prototypes that everything shares');
		delete prototype['planted'];
	});
	it('a promise that is rejected', async () => {
		const rejecting = targetOf(async () => Promise.reject(new Error('planted')));
		expect(await failureOf(rejecting, 'a')).to.include('planted');
	});
});

describe('fuzz: failures', () => {
	const at = (message: string, place: string): string => `TypeError: ${message}\n    at f (file:///x/${place})`;
	it('of other places are others', () => {
		const all = [
			at('no', 'src/policy/a.ts:1:2'),
			at('no', 'src/policy/a.ts:3:4'),
			at('no', 'src/policy/b.ts:1:2'),
			at('no', 'endurance/fuzz/targets/json.ts:5:6'),
			at('no', 'endurance/fuzz/targets/json.ts:7:8'),
			'slow: 500 ms of CPU time for 4 characters',
			'unhandled rejection: no',
		];
		expect(new Set(all.map(signatureOf)).size).to.equal(all.length);
	});
	it('of one place are one, whatever they say', () => {
		expect(signatureOf(at('of 1', 'src/a.ts:1:2'))).to.equal(signatureOf(at('of 2', 'src/a.ts:1:2')));
	});
	it('are made smaller only as long as they stay what they are', async () => {
		const two = targetOf((text) => {
			if (text.includes('xy')) throw new Error('the first one');
			if (text.includes('x')) throw new Error('another');
		});
		const text = 'aaaaaaxybbbbbb';
		expect(await smaller(two, text, (await failureOf(two, text)) ?? '')).to.equal('xy');
	});
});
