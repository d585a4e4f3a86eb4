import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import type { Fault } from '../../harness/scripted-api-server.ts';
import { until } from '../../harness/until.ts';
import { createFollower, refuseWith, resetting, writing } from './following.ts';

const errorInStream =
	(code: number): Fault =>
	({ write, end }) => {
		const object = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: `scripted ${code}`, code };
		write(`${JSON.stringify({ type: 'ERROR', object })}\n`);
		end();
	};
/** What never gets better. */
const hopeless: Readonly<Record<string, Partial<Record<'list' | 'watch', Fault>>>> = {
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
	'watches with a 410 in the stream': { watch: errorInStream(410) },
	'watches with a 500 in the stream': { watch: errorInStream(500) },
	'watches with a malformed line': { watch: writing('{\n') },
};

/** In 1.5 s there is room for about 12 attempts of 20 to 200 ms, of two requests each. */
const WATCHED_MS = 1_500;
const MOST_REQUESTS = 40;

for (const protocol of ['HTTP/1.1', 'HTTP/2'] as const) {
	describe(`cluster watch over ${protocol} does not storm a server that answers`, function () {
		this.timeout(20_000);
		const { follow, endAll } = createFollower(protocol);
		const counts = new Map<string, number>();
		const count = async (what: string, faults: (typeof hopeless)[string]): Promise<void> => {
			const { api } = await follow({}, (server) => Object.assign(server.always, faults));
			await until(() => api.asked.length > 0);
			await sleep(WATCHED_MS);
			counts.set(what, api.asked.length);
		};
		// All at once: together they take the time of one.
		before(async () => {
			const all = Object.entries(hopeless).map(([what, faults]) => count(what, faults));
			await Promise.all([...all, count('ends', { watch: writing('') })]);
		});
		after(endAll);

		for (const what of Object.keys(hopeless)) {
			it(what, () => expect(counts.get(what)).to.be.within(4, MOST_REQUESTS));
		}

		it('watches with an end: no failure, so one every 20 ms', () => {
			expect(counts.get('ends')).to.be.within(4, WATCHED_MS / 20 + 10);
		});
	});
}
