/**
 * Interrupts a watch. The watch must recover missed changes, and must send few requests to an API server that fails.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Fault, Protocol, ScriptedApiServer } from '../../harness/scripted-api-server.ts';
import { until } from '../../harness/until.ts';
import { createHarness, PROTOCOLS, prepareTwo, refuseWith, resetting, writing } from './harness.ts';

const errorLine = (code: number): string => `{"type":"ERROR","object":{"code":${code},"message":"planted"}}\n`;
/** Breaks the connections, and makes the next requests fail with these faults. */
const resetWith =
	(watch: readonly Fault[], list: readonly Fault[] = []) =>
	(api: ScriptedApiServer) => {
		api.next.watch.push(...watch);
		api.next.list.push(...list);
		if (list.length > 0) api.compact();
		api.resetAll();
	};
const cutOff = (end: (api: ScriptedApiServer) => unknown) => (api: ScriptedApiServer) => {
	api.write('{"type":"MODIFIED","object":{"metadata":{"na');
	end(api);
};
const resetAndFail = (ms: number) => (api: ScriptedApiServer) => {
	api.always.watch = refuseWith(500);
	api.resetAll();
	setTimeout(() => Object.assign(api.always, { watch: undefined }), ms);
};
const write = (text: string) => (api: ScriptedApiServer) => api.write(text);

/** For each fault, whether the watch lists the objects again. It must do so only if it may have missed a change. */
const INTERRUPTIONS: readonly (readonly [string, (api: ScriptedApiServer) => void, isListedAgain: boolean])[] = [
	['reset', resetWith([]), false],
	['reset in the middle of a line', cutOff((api) => setTimeout(api.resetAll, 50)), false],
	['end in the middle of a line', cutOff((api) => api.endWatches()), false],
	['malformed line', write('{"type":"MODIFIED","object":\n'), true],
	['line that is not an object', write('[1]\n'), true],
	['event without object', write('{"type":"ADDED"}\n'), true],
	['410 in the stream', write(errorLine(410)), true],
	['500 in the stream', write(errorLine(500)), true],
	['410 for the next watch', resetWith([refuseWith(410)]), true],
	['429 for the next watch', resetWith([refuseWith(429)]), false],
	['503 for the next watch', resetWith([refuseWith(503)]), false],
	['500 for the next two watches', resetWith([refuseWith(500), refuseWith(500)]), false],
	['410, then 500 for the next two lists', resetWith([], [refuseWith(500), refuseWith(500)]), true],
	['410, then resets', resetWith([resetting, resetting], [resetting]), true],
	['HTML from a proxy', resetWith([writing('<html>502</html>\n')]), true],
	['500 for each watch for 500 ms', resetAndFail(500), true],
];

const missed = (api: ScriptedApiServer): void =>
	api.quietly(() => {
		api.remove('one');
		api.put('one', { spec: { isNew: true } });
		api.put('two', { spec: { isChanged: true } });
		api.put('three');
		api.remove('three');
		api.put('four');
	});

for (const protocol of PROTOCOLS) {
	describe(`watch over ${protocol} › interrupted`, function () {
		this.timeout(20_000);
		const { start, stopAll } = createHarness(protocol);
		afterEach(stopAll);

		for (const [title, interrupt, isListedAgain] of INTERRUPTIONS) {
			it(`${title} › has every change, ${isListedAgain ? 'from another list' : 'without another list'}`, async () => {
				const { api, inSync, requests } = await start();
				missed(api);
				interrupt(api);
				await inSync();
				api.put('five');
				await inSync();
				await until(() => api.openWatches() === 1);
				expect(requests().filter((kind) => kind === 'list').length > 1).to.equal(isListedAgain);
			});
		}

		it('nothing arrives for the idle timeout › has every change, without another list', async () => {
			const { api, inSync, requests } = await start({ timing: { idleTimeoutMs: 300 } });
			missed(api);
			await inSync();
			expect(requests().filter((kind) => kind === 'list')).to.have.length(1);
		});
	});
}

/** In this time, the watch can make 12 attempts with delays of 20 to 200 ms and two requests each. */
const WATCHED_MS = 1_500;
const MOST_REQUESTS = 40;
const ENDLESS: Readonly<Record<string, Partial<Record<'list' | 'watch', Fault>>>> = {
	'lists with 500': { list: refuseWith(500) },
	'lists with 429': { list: refuseWith(429) },
	'lists with 410': { list: refuseWith(410) },
	'lists with 404': { list: refuseWith(404) },
	'lists with a reset': { list: resetting },
	'watches with 500': { watch: refuseWith(500) },
	'watches with 429': { watch: refuseWith(429) },
	'watches with 403': { watch: refuseWith(403) },
	'watches with 410': { watch: refuseWith(410) },
	'watches with a reset': { watch: resetting },
	'watches with a 410 in the stream': { watch: writing(errorLine(410)) },
	'watches with a 500 in the stream': { watch: writing(errorLine(500)) },
	'watches with a malformed line': { watch: writing('{\n') },
	// An ended watch is not a failure, so the next watch starts after 20 ms.
	'watches that end at once': { watch: writing('') },
};

describe('watch › an API server that fails each request', function () {
	this.timeout(20_000);
	const counts = new Map<string, number>();
	const harnesses = PROTOCOLS.map((protocol) => [protocol, createHarness(protocol)] as const);
	const rows = harnesses.flatMap(([protocol, { start }]) =>
		Object.entries(ENDLESS).map(
			([title, faults]) => [`${title}, ${protocol satisfies Protocol}`, faults, start] as const,
		),
	);
	// All rows run in parallel, so that together they take as long as one row.
	before(() =>
		Promise.all(
			rows.map(async ([title, faults, start]) => {
				const { api } = await start({}, (server) => {
					prepareTwo(server);
					Object.assign(server.always, faults);
				});
				await sleep(WATCHED_MS);
				await until(() => api.asked.length >= 4);
				counts.set(title, api.asked.length);
			}),
		),
	);
	after(() => Promise.all(harnesses.map(([, { stopAll }]) => stopAll())));

	for (const [title] of rows) {
		const most = title.includes('end at once') ? WATCHED_MS / 20 + 10 : MOST_REQUESTS;
		it(`${title} › at most ${most} requests in ${WATCHED_MS} ms`, () =>
			expect(counts.get(title)).to.be.within(4, most));
	}
});
