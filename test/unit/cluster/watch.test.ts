import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { startWatch } from '../../../src/cluster/watch.ts';
import { asTree } from '../../harness/objects.ts';
import { PATH, type ScriptedApiServer } from '../../harness/scripted-api-server.ts';
import { until } from '../../harness/until.ts';
import { createHarness, refuseWith, writing } from './harness.ts';

const putMany = (count: number) => (api: ScriptedApiServer) => {
	for (let index = 0; index < count; index += 1) api.put(`thing-${index}`);
};

describe('watch', function () {
	this.timeout(20_000);
	const { start, stopAll } = createHarness();
	afterEach(stopAll);

	it('started › lists, then reports every change; items of a list have apiVersion and kind', async () => {
		const { api, inSync, store, warnings, requests } = await start();
		expect(store.get('one')).to.deep.include({ apiVersion: 'example.dev/v1', kind: 'Thing' });
		api.put('three', { spec: { replicas: 3, unknown: [1] } });
		api.put('one', { spec: { replicas: 0 } });
		api.remove('two');
		await inSync();
		const uidOf = (): unknown => asTree(store.get('one') ?? {})['metadata']?.['uid'];
		const before = uidOf();
		expect([...store.keys()].sort()).to.deep.equal(['one', 'three']);
		api.remove('one');
		api.put('one');
		await inSync();
		expect(uidOf()).not.to.equal(before);
		expect(requests()).to.deep.equal(['list', 'watch']);
		expect(warnings).to.deep.equal([]);
	});

	it('requests › have the label selector, the version of the list, bookmarks, an end, and the token', async () => {
		const { api } = await start({ labelSelector: 'toolhive=true', timing: { watchSeconds: 100 } });
		const [list, watch] = api.asked.map(({ query }) => Object.fromEntries(query));
		expect(list).to.deep.equal({ limit: '100', labelSelector: 'toolhive=true' });
		const { timeoutSeconds, ...rest } = watch ?? {};
		const fixed = { watch: '1', allowWatchBookmarks: 'true', resourceVersion: '3', labelSelector: 'toolhive=true' };
		expect(rest).to.deep.equal(fixed);
		expect(Number(timeoutSeconds)).to.be.within(100, 200);
		expect(api.asked[1]?.authorization).to.equal('Bearer scripted-token');
	});

	it('no timing is set › the watch ends after 4 to 8 minutes, and a connection is dead after 150 s without an event', async () => {
		const { api, connection, watch } = await start();
		watch.stop();
		const before = api.asked.length;
		const idleTimeouts: number[] = [];
		const stream: typeof connection.stream = (path, idleTimeoutMs, signal) => {
			idleTimeouts.push(idleTimeoutMs);
			return connection.stream(path, idleTimeoutMs, signal);
		};
		const ignore = (): void => undefined;
		const events = { project: ignore, onList: ignore, onChange: ignore, onDelete: ignore, warn: ignore };
		const unset = startWatch({ connection: { ...connection, stream }, paths: [PATH], ...events });
		await until(() => api.asked.length === before + 2);
		expect(Number(api.asked.at(-1)?.query.get('timeoutSeconds'))).to.be.within(240, 480);
		// The timeout covers two bookmarks, which the API server sends once a minute.
		expect(idleTimeouts).to.deep.equal([150_000]);
		unset.stop();
	});

	it('many objects › listed page by page', async () => {
		const { api, inSync } = await start({}, putMany(8));
		await inSync();
		const lists = api.asked.filter(({ kind }) => kind === 'list');
		expect(lists.map(({ query }) => query.get('continue'))).to.deep.equal([null, '3', '6']);
	});

	it('the pages expire › the list starts over', async () => {
		const { inSync } = await start({}, (api) => {
			putMany(8)(api);
			api.next.list.push(({ behave }) => behave(), refuseWith(410));
		});
		await inSync();
	});

	it('items are null › an empty list', async () => {
		const { watch, store } = await start({}, ({ always }) => {
			always.list = writing('{"kind":"ThingList","metadata":{"resourceVersion":"1"},"items":null}');
		});
		await until(watch.hasSynced);
		expect(store.size).to.equal(0);
	});

	it('the API server ends a watch › continues after the last bookmark, without a list or a warning', async () => {
		const { api, inSync, warnings, requests } = await start();
		api.bookmark();
		api.quietly(() => api.put('three'));
		api.endWatches();
		await inSync();
		expect(requests()).to.deep.equal(['list', 'watch', 'watch']);
		expect(api.asked.at(-1)?.query.get('resourceVersion')).to.equal('4');
		expect(warnings).to.deep.equal([]);
	});

	it('only bookmarks › the connection is not considered dead', async () => {
		const { api, watch, requests } = await start({ timing: { idleTimeoutMs: 600 } });
		for (let count = 0; count < 8; count += 1) {
			await sleep(100);
			api.bookmark();
		}
		await until(() => watch.lastEventAgeMs() < 90);
		expect(requests()).to.deep.equal(['list', 'watch']);
	});

	it('relistMs have passed › lists again at the end of the watch', async () => {
		const { api, requests } = await start({ timing: { relistMs: 100 } });
		await sleep(150);
		api.endWatches();
		await until(() => requests().join(' ') === 'list watch list watch');
	});

	it('not installed, installed, removed, installed › empty or in sync each time', async () => {
		const { api, watch, store, inSync, warnings } = await start({}, (server) => {
			server.put('one');
			server.always.list = refuseWith(404);
		});
		await until(watch.hasSynced);
		expect(store.size).to.equal(0);
		api.always.list = undefined;
		await inSync();
		Object.assign(api.always, { list: refuseWith(404), watch: refuseWith(404) });
		api.resetAll();
		await until(() => store.size === 0);
		Object.assign(api.always, { list: undefined, watch: undefined });
		await inSync();
		const [absent, present] = ['resource is not installed, waiting for it', 'resource was installed'];
		expect(warnings.filter((message) => message.startsWith('resource'))).to.deep.equal([
			absent,
			present,
			absent,
			present,
		]);
	});

	it('the last page of the first list fails › not synced', async () => {
		const { api, watch, inSync } = await start({}, (server) => {
			putMany(5)(server);
			server.always.list = ({ query, behave, refuse }) => (query.has('continue') ? refuse(500) : behave());
		});
		await until(() => api.asked.length > 3);
		expect([watch.hasSynced(), watch.lastEventAgeMs()]).to.deep.equal([false, Number.POSITIVE_INFINITY]);
		api.always.list = undefined;
		await inSync();
		expect(watch.lastEventAgeMs()).to.be.lessThan(10_000);
	});

	for (const [title, faults] of [
		['lists and watches fail', { list: refuseWith(500), watch: refuseWith(500) }],
		['lists work, and watches are forbidden', { watch: refuseWith(403) }],
	] as const) {
		it(`${title} › one warning when interrupted, and one when recovered`, async () => {
			const { api, inSync, warnings } = await start();
			Object.assign(api.always, faults);
			api.resetAll();
			await until(() => api.asked.length > 10);
			expect(warnings).to.deep.equal(['watch interrupted']);
			Object.assign(api.always, { list: undefined, watch: undefined });
			await inSync();
			await until(() => warnings.length > 1);
			expect(warnings).to.deep.equal(['watch interrupted', 'watch recovered']);
		});
	}

	it('stopped › no more requests', async () => {
		const { api, watch } = await start();
		watch.stop();
		await until(() => api.openWatches() === 0);
		const count = api.asked.length;
		await sleep(200);
		expect(api.asked).to.have.length(count);
	});
});
