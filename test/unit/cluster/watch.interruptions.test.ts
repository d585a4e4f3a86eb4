import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import type { ScriptedApiServer } from '../../harness/scripted-api-server.ts';
import { createFollower, refuseWith, resetting, writing } from './following.ts';

for (const protocol of ['HTTP/1.1', 'HTTP/2'] as const) {
	describe(`cluster watch, interrupted over ${protocol}`, function () {
		this.timeout(20_000);
		const { following, endAll } = createFollower(protocol);
		afterEach(endAll);

		const whileDisconnected = (api: ScriptedApiServer): void =>
			api.quietly(() => {
				api.remove('one');
				api.put('one', { spec: { isNew: true } });
				api.put('two', { spec: { isChanged: true } });
				api.put('three');
				api.remove('three');
				api.put('four');
			});

		/** Something that happens to an open watch. */
		const interruptions: Readonly<Record<string, (api: ScriptedApiServer) => void>> = {
			'a reset': (api) => api.resetAll(),
			'a reset in the middle of a line': (api) => {
				api.write('{"type":"MODIFIED","object":{"metadata":{"na');
				setTimeout(api.resetAll, 50);
			},
			'an end in the middle of a line': (api) => {
				api.write('{"type":"MODIFIED","object":{"metadata":{"na');
				api.endWatches();
			},
			'a malformed line': (api) => api.write('{"type":"MODIFIED","object":\n'),
			'a line that is no object': (api) => api.write('[1]\n'),
			'an event without object': (api) => api.write('{"type":"ADDED"}\n'),
			'a 410 in the stream': (api) => api.write('{"type":"ERROR","object":{"code":410,"message":"too old"}}\n'),
			'a 500 in the stream': (api) => api.write('{"type":"ERROR","object":{"code":500,"message":"oops"}}\n'),
			'a 410 as status': (api) => {
				api.compact();
				api.resetAll();
			},
			'a 500 for the next watch': (api) => {
				api.next.watch.push(refuseWith(500), refuseWith(500));
				api.resetAll();
			},
			'a 429 for the next watch': (api) => {
				api.next.watch.push(refuseWith(429));
				api.resetAll();
			},
			'a 500 for the next list': (api) => {
				api.next.list.push(refuseWith(500), refuseWith(500));
				api.compact();
				api.resetAll();
			},
			'resets for everything, a few times': (api) => {
				api.next.watch.push(resetting, resetting);
				api.next.list.push(resetting);
				api.compact();
				api.resetAll();
			},
			'a proxy that answers in HTML': (api) => {
				api.next.watch.push(writing('<html>502</html>\n'));
				api.resetAll();
			},
		};
		for (const [what, interrupt] of Object.entries(interruptions)) {
			it(`holds what the server holds after ${what}`, async () => {
				const { api, agrees } = await following();
				whileDisconnected(api);
				interrupt(api);
				await agrees();
				api.put('five');
				await agrees();
				expect(api.openWatches()).to.equal(1);
			});
		}

		it('does not read everything anew where nothing was lost', async () => {
			for (const status of [429, 500, 503]) {
				const { api, agrees } = await following();
				whileDisconnected(api);
				api.next.watch.push(refuseWith(status));
				api.resetAll();
				await agrees();
				expect(
					api.asked.filter(({ kind }) => kind === 'list'),
					String(status),
				).to.have.length(1);
			}
		});

		it('reads everything anew at once where something was lost', async () => {
			const losing = ['a 410 as status', 'a 410 in the stream', 'a 500 in the stream', 'a malformed line'];
			for (const what of losing) {
				const { api, agrees } = await following();
				whileDisconnected(api);
				interruptions[what]?.(api);
				await agrees();
				const kinds = api.asked.map(({ kind }) => kind).join(' ');
				expect(kinds, what).to.match(/^list watch( watch)? list/);
			}
		});

		it('reads lists where no watch works', async () => {
			const { api, agrees } = await following();
			api.always.watch = refuseWith(500);
			whileDisconnected(api);
			api.resetAll();
			await agrees();
		});

		it('asks again when nothing was heard for too long', async () => {
			const { api, agrees } = await following({ timing: { idleTimeoutMs: 300 } });
			whileDisconnected(api);
			await agrees();
			expect(api.asked.filter(({ kind }) => kind === 'list')).to.have.length(1);
		});
	});
}
