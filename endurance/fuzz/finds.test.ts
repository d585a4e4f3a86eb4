/** Plants faults in targets, and tests that the search finds them. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { search, tryGrowth, tryInTime } from './search.ts';
import type { Target } from './target.ts';

const LIST = '{"kind":"List","items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}';
const targetOf = (check: Target['check']): Target => ({ name: 'planted', seeds: () => [LIST], check });

/** Uses this much CPU time, regardless of the speed of the CPU. */
function burn(ms: number): void {
	const before = process.cpuUsage();
	while (process.cpuUsage(before).user < ms * 1000) for (let step = 0; step < 100_000; step += 1);
}
const define = (): void => void Object.defineProperty(Object.prototype, 'planted', { value: 1, configurable: true });
const failureOf = (trying: Promise<void>): Promise<string> => trying.then(() => '', String);

describe('fuzz search', function () {
	this.timeout(30_000);
	afterEach(() => Reflect.deleteProperty(Object.prototype, 'planted'));

	it('one wrong value in JSON › found', async () => {
		const wrong = targetOf((text) => void expect(text).to.not.match(/"name":\s*\{/));
		const { found } = await search(wrong, { seed: 7, seconds: 5 });
		expect(found.map(({ reason }) => reason.split('\n')[0]).join()).to.match(/^AssertionError/);
	});
	for (const [title, check, reason] of [
		['a text that takes too long', () => burn(500), /^Error: slow: \d+ ms of CPU time for 4 characters$/],
		['a new name on Object.prototype', define, /the prototypes that all objects share/],
		['a Promise that rejects', () => Promise.reject(new Error('rejected')), /^Error: rejected/],
		['a text without a fault', () => undefined, /^$/],
	] as const) {
		it(`${title} › ${reason}`, async () =>
			expect(await failureOf(tryInTime(targetOf(check), 'text'))).to.match(reason));
	}
	for (const [power, reason] of [
		[2, /^Error: grows faster than its input/],
		[1, /^$/],
	] as const) {
		it(`time that grows with the length to the power of ${power} › ${reason}`, async () => {
			const check = (text: string): void => burn(300 * (text.length / 40_000) ** power);
			const texts = { short: 'a'.repeat(10_000), long: 'a'.repeat(40_000), piece: 'a' };
			expect(await failureOf(tryGrowth(targetOf(check), texts))).to.match(reason);
		});
	}
});
