/**
 * Interrupts a watch. The watch must recover missed changes, and must send few requests to an API server that fails.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import type { Fault, ScriptedApiServer } from '../../harness/scripted-api-server.ts';
import { until } from '../../harness/until.ts';
import { createHarness, prepareTwo, refuseWith, writing } from './harness.ts';

const GONE = '{"type":"ERROR","object":{"code":410,"message":"planted"}}\n';
const resetting: Fault = ({ reset }) => reset();
/** Breaks the connections, and makes the next requests fail with these faults. */
const resetWith =
	(watch: readonly Fault[], list: readonly Fault[] = []) =>
	(api: ScriptedApiServer) => {
		api.next.watch.push(...watch);
		api.next.list.push(...list);
		if (list.length > 0) api.compact();
		api.resetAll();
	};

/** For each fault, whether the watch lists the objects again. It must do so only if it may have missed a change. */
const INTERRUPTIONS: readonly (readonly [string, (api: ScriptedApiServer) => void, isListedAgain: boolean])[] = [
	['reset', resetWith([]), false],
	[
		'end in the middle of a line',
		(api) => {
			api.write('{"type":"MODIFIED","object":{"metadata":{"na');
			api.endWatches();
		},
		false,
	],
	['malformed line', (api) => api.write('{"type":"MODIFIED","object":\n'), true],
	['event without object', (api) => api.write('{"type":"ADDED"}\n'), true],
	['410 in the stream', (api) => api.write(GONE), true],
	['410 for the next watch', resetWith([refuseWith(410)]), true],
	['429 for the next watch', resetWith([refuseWith(429)]), false],
	['500 for the next two watches', resetWith([500, 500].map(refuseWith)), false],
	['500 for the next three watches', resetWith([500, 500, 500].map(refuseWith)), true],
	['410, then 500 and a reset for the next lists', resetWith([], [refuseWith(500), resetting]), true],
];

for (const protocol of ['HTTP/1.1', 'HTTP/2'] as const) {
	describe(`watch over ${protocol} › interrupted`, function () {
		this.timeout(20_000);
		const { start, stopAll } = createHarness(protocol);
		afterEach(stopAll);

		for (const [title, interrupt, isListedAgain, idleTimeoutMs] of [
			...INTERRUPTIONS.map((row) => [...row, 60_000] as const),
			['nothing arrives for the idle timeout', () => undefined, false, 300] as const,
		]) {
			it(`${title} › has every change, ${isListedAgain ? 'from another list' : 'without another list'}`, async () => {
				const { api, inSync, requests } = await start({ timing: { idleTimeoutMs } });
				api.quietly(() => {
					api.remove('one');
					api.put('one', { spec: { isNew: true } });
					api.put('two', { spec: { isChanged: true } });
					api.put('three');
					api.remove('three');
					api.put('four');
				});
				interrupt(api);
				await inSync();
				api.put('five');
				await inSync();
				expect(requests().split('list').length > 2).to.equal(isListedAgain);
			});
		}
	});
}

/** In this time, the watch can make 12 attempts with delays of 20 to 200 ms and two requests each. */
const WATCHED_MS = 1_500;
const MOST_REQUESTS = 40;
const ENDLESS: Readonly<Record<string, Partial<Record<'list' | 'watch', Fault>>>> = {
	'lists with 500': { list: refuseWith(500) },
	'lists with 404': { list: refuseWith(404) },
	'watches with 500': { watch: refuseWith(500) },
	'watches with 410': { watch: refuseWith(410) },
	'watches with a reset': { watch: resetting },
	'watches with a 410 in the stream': { watch: writing(GONE) },
	'watches that end at once': { watch: writing('') },
};

it('watch › an API server that fails each request › few requests', async () => {
	const { start, stopAll } = createHarness();
	const counts = Object.entries(ENDLESS).map(async ([title, faults]) => {
		const { api } = await start({}, (server) => {
			prepareTwo(server);
			Object.assign(server.always, faults);
		});
		await sleep(WATCHED_MS);
		await until(() => api.asked.length >= 4);
		return [title, api.asked.length] as const;
	});
	for (const [title, count] of await Promise.all(counts)) {
		// An ended watch is not a failure, so the next watch starts after 20 ms.
		const most = title.includes('end at once') ? WATCHED_MS / 20 + 10 : MOST_REQUESTS;
		expect(count, title).to.be.at.most(most);
	}
	await stopAll();
}).timeout(20_000);
