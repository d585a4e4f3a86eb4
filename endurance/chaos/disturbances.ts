/** Everything that is done to the product and around it, one entry each. All of them end by themselves. */
import { setTimeout as sleep } from 'node:timers/promises';
import { compact } from '../../test/harness/control-plane/compact.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { clocks, ended, faulty, frozen, LONGER_THAN_A_LEASE_MS, metOf, saidBy, slowClients, spoilt } from './deeds.ts';
import type { Random } from './random.ts';
import type { Stage } from './stage.ts';

/** How long until everything is right again, as docs/reliability.md promises it. */
const SOON = 10;
/** Another may lead when the Lease has not changed for 15 s. */
const TAKEOVER = 30;
/** Dead connections show by silence alone. */
const SILENCE = 150;

export interface Disturbance {
	readonly name: string;
	/** Seconds from its end until everything is right, at most, where nothing else keeps the machine busy. */
	readonly rightWithin: number;
	/** Resolves, when it is over, with how often it was met: of 0 nobody could say that it happened. */
	readonly run: (stage: Stage, random: Random) => Promise<number>;
}

export const DISTURBANCES: readonly Disturbance[] = [
	{
		name: 'watches reset',
		rightWithin: SOON,
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
		rightWithin: SOON,
		run: async ({ members }) => {
			const before = members.reduce((sum, { network }) => sum + network.connections(), 0);
			for (let times = 0; times < 4; times += 1) {
				for (const { network } of members) network.reset();
				await sleep(1_000);
			}
			return members.reduce((sum, { network }) => sum + network.connections(), 0) - before;
		},
	},
	{ name: '410 as a status', rightWithin: SOON, run: faulty('410 as a status', { gone: 'status' }) },
	{ name: '410 as an event', rightWithin: SOON, run: faulty('410 as an event', { gone: 'event' }) },
	{
		name: '500 for half of the calls',
		rightWithin: SOON,
		run: faulty('500', { refused: { share: 0.5, status: 500 } }),
	},
	{
		name: '429 for half of the calls',
		rightWithin: SOON,
		run: faulty('429', { refused: { share: 0.5, status: 429, retryAfterSeconds: 1 } }),
	},
	{ name: 'lines cut, then reset', rightWithin: SOON, run: faulty('cut: reset', { cut: 'reset' }) },
	{ name: 'lines cut, then ended', rightWithin: SOON, run: faulty('cut: end', { cut: 'end' }) },
	{ name: 'lines cut, then garbled', rightWithin: SOON, run: faulty('cut: garbled', { cut: 'garbled' }) },
	{
		name: 'slow network',
		rightWithin: SOON,
		run: async ({ members }) => {
			let met = 0;
			for (let stalls = 0; stalls < 12; stalls += 1) {
				for (const { network } of members) network.stall();
				await sleep(400);
				met += members.filter(({ network }) => network.waiting() > 0).length;
				for (const { network } of members) network.resume();
				await sleep(50);
			}
			return met;
		},
	},
	{
		name: 'network silent for 18 s',
		rightWithin: TAKEOVER,
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
		rightWithin: TAKEOVER,
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
		rightWithin: SILENCE,
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
		rightWithin: SOON,
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
		rightWithin: SOON,
		run: async ({ plane }) => {
			const before = plane.pids();
			await plane.stopApiServer(0);
			await compact(plane.etcdUrl);
			await plane.startApiServer();
			return plane.pids().filter((pid) => !before.includes(pid)).length;
		},
	},
	{
		name: 'certificate spoilt',
		rightWithin: SOON,
		run: spoilt({ data: { 'tls.crt': Buffer.from('hello').toString('base64') } }),
	},
	{ name: 'all certificates lost', rightWithin: SOON, run: spoilt({ data: null }) },
	{ name: 'leader killed', rightWithin: TAKEOVER, run: async (stage) => ended([await stage.leader()], 'SIGKILL') },
	{ name: 'both killed', rightWithin: TAKEOVER, run: (stage) => ended(stage.members, 'SIGKILL') },
	{
		name: 'both replaced, one after the other',
		rightWithin: SOON,
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
		rightWithin: TAKEOVER,
		run: async (stage) => frozen(stage, [await stage.leader()], LONGER_THAN_A_LEASE_MS),
	},
	{
		name: 'both stopped for 18 s',
		rightWithin: TAKEOVER,
		run: (stage) => frozen(stage, stage.members, LONGER_THAN_A_LEASE_MS),
	},
	{ name: 'slow and silent clients', rightWithin: SOON, run: slowClients },
	{
		name: 'clocks jump by hours, and back further',
		rightWithin: SOON,
		run: async (stage, random) => {
			// Less than a day apart: that far certificates are made valid before the day they are made.
			const hours = random.between(2, 11);
			const jumped = await clocks(stage, [hours, -hours]);
			return jumped + (await clocks(stage, [-hours, hours]));
		},
	},
];
