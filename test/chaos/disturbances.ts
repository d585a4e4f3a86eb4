/** Everything that is done to the product and around it, one entry each. All of them end by themselves. */
import { setTimeout as sleep } from 'node:timers/promises';
import { compact } from '../control-plane/compact.ts';
import { eventually } from '../e2e/eventually.ts';
import { clocks, ended, faulty, frozen, LONGER_THAN_A_LEASE_MS, metOf, saidBy, slowClients, spoilt } from './deeds.ts';
import type { Random } from './random.ts';
import type { Stage } from './stage.ts';

export interface Disturbance {
	readonly name: string;
	/** Resolves, when it is over, with how often it was met: of 0 nobody could say that it happened. */
	readonly run: (stage: Stage, random: Random) => Promise<number>;
}

export const DISTURBANCES: readonly Disturbance[] = [
	{
		name: 'watches reset',
		run: async (stage) => {
			const before = metOf(stage, 'watch reset');
			for (let times = 0; times < 4; times += 1) {
				for (const { http } of stage.members) http.endWatches('reset');
				await sleep(1_000);
			}
			return metOf(stage, 'watch reset') - before;
		},
	},
	{
		name: 'connections reset',
		run: async ({ members }) => {
			const before = members.reduce((sum, { network }) => sum + network.connections(), 0);
			for (let times = 0; times < 4; times += 1) {
				for (const { network } of members) network.reset();
				await sleep(1_000);
			}
			return members.reduce((sum, { network }) => sum + network.connections(), 0) - before;
		},
	},
	{ name: '410 as a status', run: faulty('410 as a status', { gone: 'status' }) },
	{ name: '410 as an event', run: faulty('410 as an event', { gone: 'event' }) },
	{ name: '500 for half of the calls', run: faulty('500', { refused: { share: 0.5, status: 500 } }) },
	{
		name: '429 for half of the calls',
		run: faulty('429', { refused: { share: 0.5, status: 429, retryAfterSeconds: 1 } }),
	},
	{ name: 'lines cut, then reset', run: faulty('cut: reset', { cut: 'reset' }) },
	{ name: 'lines cut, then ended', run: faulty('cut: end', { cut: 'end' }) },
	{ name: 'lines cut, then garbled', run: faulty('cut: garbled', { cut: 'garbled' }) },
	{
		name: 'slow network',
		run: async ({ members }) => {
			let stalls = 0;
			for (; stalls < 12; stalls += 1) {
				for (const { network } of members) network.stall();
				await sleep(400);
				for (const { network } of members) network.resume();
				await sleep(50);
			}
			return stalls;
		},
	},
	{
		name: 'network silent for 18 s',
		run: async (stage) => {
			const before = saidBy(stage, 'not leading');
			for (const { network } of stage.members) network.stall();
			await sleep(LONGER_THAN_A_LEASE_MS);
			for (const { network } of stage.members) network.resume();
			// Whoever led has noticed.
			return saidBy(stage, 'not leading') - before;
		},
	},
	{
		name: 'leader cut off for 18 s',
		run: async (stage) => {
			const { network, replica } = await stage.leader();
			const before = replica.said('not leading');
			network.refuse(true);
			network.reset();
			await sleep(LONGER_THAN_A_LEASE_MS);
			network.refuse(false);
			return replica.said('not leading') - before;
		},
	},
	{
		name: 'half-open connections',
		run: async (stage) => {
			const { network } = await stage.leader();
			const before = network.connections();
			network.freeze();
			await eventually(async () => {
				if (network.connections() === before) throw new Error('no connection was made anew');
			}, 60_000);
			return network.connections() - before;
		},
	},
	{
		name: 'API server killed',
		run: async ({ plane }) => {
			const before = plane.pids();
			await plane.stopApiServer(0);
			await sleep(3_000);
			await plane.startApiServer();
			return plane.pids().filter((pid) => !before.includes(pid)).length;
		},
	},
	{
		name: 'API server killed, etcd compacted',
		run: async ({ plane }) => {
			const before = plane.pids();
			await plane.stopApiServer(0);
			await compact(plane.etcdUrl);
			await plane.startApiServer();
			return plane.pids().filter((pid) => !before.includes(pid)).length;
		},
	},
	{ name: 'certificate spoilt', run: spoilt({ data: { 'tls.crt': Buffer.from('hello').toString('base64') } }) },
	{ name: 'all certificates lost', run: spoilt({ data: null }) },
	{ name: 'leader killed', run: async (stage) => ended([await stage.leader()], 'SIGKILL') },
	{ name: 'both killed', run: (stage) => ended(stage.members, 'SIGKILL') },
	{
		name: 'both replaced, one after the other',
		run: async (stage) => {
			let count = 0;
			for (const member of stage.members) {
				count += await ended([member], 'SIGTERM');
				await stage.whole();
			}
			return count;
		},
	},
	{
		name: 'leader stopped for 18 s',
		run: async (stage) => frozen(stage, [await stage.leader()], LONGER_THAN_A_LEASE_MS),
	},
	{ name: 'both stopped for 18 s', run: (stage) => frozen(stage, stage.members, LONGER_THAN_A_LEASE_MS) },
	{ name: 'slow and silent clients', run: slowClients },
	{
		name: 'clocks jump by hours, and back further',
		run: async (stage, random) => {
			// Less than a day apart: that far certificates are made valid before the day they are made.
			const hours = random.between(2, 11);
			const jumped = await clocks(stage, [hours, -hours]);
			return jumped + (await clocks(stage, [-hours, hours]));
		},
	},
];
