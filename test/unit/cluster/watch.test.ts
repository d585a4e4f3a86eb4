import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import { until } from '../../harness/until.ts';
import { createFollower, refuseWith, writing } from './following.ts';

for (const protocol of ['HTTP/1.1', 'HTTP/2'] as const) {
	describe(`cluster watch over ${protocol}`, function () {
		this.timeout(20_000);
		const { follow, following, endAll } = createFollower(protocol);
		afterEach(endAll);

		it('lists, then follows every change', async () => {
			const { api, agrees, store, told } = await following({
				timing: { absentMs: 600_000, longestBackoffMs: 600_000 },
			});
			api.put('three', { spec: { replicas: 3, unknownToUs: [1] } });
			api.put('one', { spec: { replicas: 0 } });
			api.remove('two');
			await agrees();
			expect([...store.keys()].sort()).to.deep.equal(['one', 'three']);
			expect(api.asked.map(({ kind }) => kind)).to.deep.equal(['list', 'watch']);
			expect(told).to.deep.equal([]);
		});

		it('asks for bookmarks, an end, and the version of the list, as who it is', async () => {
			const { api } = await following({ labelSelector: 'toolhive=true', timing: { watchSeconds: 100 } });
			const [list, watch] = api.asked;
			expect(list?.query.get('labelSelector')).to.equal('toolhive=true');
			expect(watch?.query.get('labelSelector')).to.equal('toolhive=true');
			expect(watch?.query.get('allowWatchBookmarks')).to.equal('true');
			expect(watch?.query.get('resourceVersion')).to.equal('3');
			expect(Number(watch?.query.get('timeoutSeconds'))).to.be.within(100, 200);
			expect(watch?.authorization).to.equal('Bearer scripted-token');
		});

		it('reads a list page by page', async () => {
			const { api, agrees } = await follow({}, (server) => {
				for (let count = 0; count < 8; count += 1) server.put(`thing-${count}`);
			});
			await agrees();
			const lists = api.asked.filter(({ kind }) => kind === 'list');
			expect(lists.map(({ query }) => query.get('continue'))).to.deep.equal([null, '3', '6']);
		});

		it('starts a list over when its pages expire', async () => {
			const { agrees } = await follow({}, (server) => {
				for (let count = 0; count < 8; count += 1) server.put(`thing-${count}`);
				server.next.list.push(({ behave }) => behave(), refuseWith(410));
			});
			await agrees();
		});

		it('takes a list of null for an empty one', async () => {
			const { watch, store } = await follow({}, (server) => {
				server.always.list = writing('{"kind":"ThingList","metadata":{"resourceVersion":"1"},"items":null}');
			});
			await until(watch.hasSynced);
			expect(store.size).to.equal(0);
		});

		it('gives items of a list the type that the list has', async () => {
			const { store } = await following();
			expect(store.get('one')).to.deep.include({ apiVersion: 'example.dev/v1', kind: 'Thing' });
		});

		it('counts what was told by bookmarks', async () => {
			const { api, agrees } = await following();
			api.bookmark();
			const lastVersion = String(3 + 1);
			api.endWatches();
			await until(() => api.asked.length === 3);
			expect(api.asked.at(-1)?.query.get('resourceVersion')).to.equal(lastVersion);
			await agrees();
		});

		it('goes on where it was when the server ends a watch', async () => {
			const { api, agrees, told } = await following();
			api.quietly(() => api.put('three'));
			api.endWatches();
			await agrees();
			expect(api.asked.map(({ kind }) => kind)).to.deep.equal(['list', 'watch', 'watch']);
			expect(told).to.deep.equal([]);
		});

		it('sees an object deleted and made anew under its name', async () => {
			const { api, agrees, store } = await following();
			const uidOf = (name: string): unknown => (store.get(name) as { metadata: Json }).metadata['uid'];
			const former = uidOf('one');
			api.remove('one');
			api.put('one');
			await agrees();
			expect(uidOf('one')).not.to.equal(former);
		});

		it('does not take a quiet watch with bookmarks for a dead one', async () => {
			const { api, watch } = await following({ timing: { idleTimeoutMs: 2_000 } });
			for (let count = 0; count < 5; count += 1) {
				await sleep(500);
				api.bookmark();
			}
			await until(() => watch.lastEventAgeMs() < 400);
			expect(api.asked.map(({ kind }) => kind)).to.deep.equal(['list', 'watch']);
		});

		it('lists anew now and then', async () => {
			const { api } = await following({ timing: { relistMs: 100 } });
			await sleep(150);
			api.endWatches();
			await until(() => api.asked.filter(({ kind }) => kind === 'list').length === 2);
		});

		it('takes what nobody installed for empty, and finds it later', async () => {
			const { api, watch, store, agrees } = await follow({}, (server) => {
				server.put('one');
				server.always.list = refuseWith(404);
			});
			await until(watch.hasSynced);
			expect(store.size).to.equal(0);
			api.always.list = undefined;
			await agrees();
			api.always.list = refuseWith(404);
			api.always.watch = refuseWith(404);
			api.resetAll();
			await until(() => store.size === 0);
			api.always.list = undefined;
			api.always.watch = undefined;
			await agrees();
		});

		it('is not synced before the first whole list', async () => {
			const { api, watch, agrees } = await follow({}, (server) => {
				for (let count = 0; count < 5; count += 1) server.put(`thing-${count}`);
				server.always.list = ({ query, behave, refuse }) => (query.has('continue') ? refuse(500) : behave());
			});
			await until(() => api.asked.length > 3);
			expect(watch.hasSynced()).to.equal(false);
			expect(watch.lastEventAgeMs()).to.equal(Number.POSITIVE_INFINITY);
			api.always.list = undefined;
			await agrees();
			expect(watch.lastEventAgeMs()).to.be.lessThan(10_000);
		});

		it('says once that it is interrupted, and once that it is over', async () => {
			const { api, agrees, told } = await following();
			api.always.watch = refuseWith(500);
			api.always.list = refuseWith(500);
			api.resetAll();
			await until(() => api.asked.length > 8);
			expect(told).to.deep.equal(['watch interrupted']);
			api.always.watch = undefined;
			api.always.list = undefined;
			await agrees();
			await until(() => told.length > 1);
			expect(told).to.deep.equal(['watch interrupted', 'watch recovered']);
		});

		it('says so also where lists work and only watches do not', async () => {
			const { api, told } = await following();
			api.always.watch = refuseWith(403);
			api.resetAll();
			await until(() => told.length > 0);
			await sleep(500);
			expect(told).to.deep.equal(['watch interrupted']);
		});

		it('stops', async () => {
			const { api, watch, agrees } = await following();
			watch.stop();
			await until(() => api.openWatches() === 0);
			const count = api.asked.length;
			await sleep(200);
			expect(api.asked).to.have.length(count);
			await agrees();
		});
	});
}
