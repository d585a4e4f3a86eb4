/** Everything that is done to the product and around it, one entry each. All of them end by themselves. */
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { STEPS } from '../../src/certificates/plan.ts';
import { CERTIFICATE_SECRET } from '../../src/toolhive/names.ts';
import { compact } from '../control-plane/compact.ts';
import { eventually } from '../e2e/eventually.ts';
import { HOST, NS } from '../e2e/self-managed.ts';
import type { Faults } from './faulty-api-server.ts';
import type { Random } from './random.ts';
import type { Member, Stage } from './stage.ts';

export interface Disturbance {
	readonly name: string;
	/** Resolves, when it is over, with how often it was met: of 0 nobody could say that it happened. */
	readonly run: (stage: Stage, random: Random) => Promise<number>;
}

/** A Lease lasts 15 s. */
const LONGER_THAN_A_LEASE_MS = 18_000;
const HOUR_MS = 3_600_000;
const FAULTY_MS = 5_000;

/** Of all replicas; undefined where one does not tell, such as a stopped one. */
const metOf = ({ members }: Stage, fault: string): number =>
	members.reduce((sum, { http }) => sum + (http.met()[fault] ?? 0), 0);

/** `faults` for a while, for both replicas; met as often as `fault` was. */
const faulty =
	(fault: string, faults: Faults): Disturbance['run'] =>
	async (stage) => {
		const before = metOf(stage, fault);
		for (const { http } of stage.members) {
			http.set(faults);
			if (faults.gone !== undefined) http.endWatches('end');
		}
		await sleep(FAULTY_MS);
		for (const { http } of stage.members) http.set({});
		return metOf(stage, fault) - before;
	};

/** What somebody does to our Secret, and how often the leader said that it mended that. */
const spoilt =
	(patch: object): Disturbance['run'] =>
	async (stage) => {
		const path = `/api/v1/namespaces/${NS}/secrets/${CERTIFICATE_SECRET}`;
		// Which step mends it depends on what is left.
		const mended = (): number => Object.values(STEPS).reduce((sum, step) => sum + saidBy(stage, step), 0);
		const before = mended();
		const how = { body: patch, contentType: 'application/merge-patch+json' };
		const { status } = await stage.api.send('PATCH', path, how);
		if (status !== 200) throw new Error(`the Secret cannot be spoilt: ${status}`);
		await eventually(async () => {
			if (mended() === before) throw new Error('nobody mended the certificate');
		}, 60_000);
		return mended() - before;
	};

const saidBy = ({ members }: Stage, message: string): number =>
	members.reduce((sum, { replica }) => sum + replica.said(message), 0);

/** Ends processes, and how many were started again. */
async function ended(members: readonly Member[], signal: 'SIGTERM' | 'SIGKILL'): Promise<number> {
	const starts = (): number => members.reduce((sum, { replica }) => sum + replica.starts(), 0);
	const before = starts();
	await Promise.all(members.map(({ replica }) => replica.end(signal)));
	await eventually(async () => {
		if (starts() < before + members.length) throw new Error('not started again');
	});
	return starts() - before;
}

async function frozen(stage: Stage, members: readonly Member[], ms: number): Promise<number> {
	for (const { replica } of members) replica.freeze();
	await sleep(ms);
	// A stopped process answers nobody, which is how it is seen to be one.
	const silent = await Promise.all(
		members.map(({ replica }) =>
			replica.metrics().then(
				() => 0,
				() => 1,
			),
		),
	);
	for (const { replica } of members) replica.thaw();
	await stage.whole();
	return silent.reduce<number>((sum, one) => sum + one, 0);
}

/** Sockets that say nothing, half of something, or something byte by byte, to the port that the API server calls. */
async function slowClients(stage: Stage): Promise<number> {
	const sockets: Socket[] = [];
	for (const { replica } of stage.members) {
		const port = replica.webhookPort() ?? 0;
		for (let index = 0; index < 100; index += 1) {
			const how = { host: '127.0.0.1', port, servername: HOST, rejectUnauthorized: false };
			const socket = index % 2 === 0 ? connectTcp(port, '127.0.0.1') : connectTls(how);
			sockets.push(socket.on('error', () => undefined));
			if (index % 4 === 0) socket.write(Buffer.from([0x16, 0x03, 0x01]));
			if (index % 4 === 1) socket.write('POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{"half":');
			if (index % 4 === 3) socket.write('POST /validate HTTP/1.1\r\nHo');
		}
	}
	for (let second = 0; second < 5; second += 1) {
		await sleep(1_000);
		for (const socket of sockets) if (socket.writable) socket.write(' ');
	}
	const open = sockets.filter((socket) => !socket.destroyed && !socket.connecting).length;
	for (const socket of sockets) socket.destroy();
	return open;
}

/** Sets both clocks, and how many of them show it in their logs. */
async function clocks(stage: Stage, hours: readonly number[]): Promise<number> {
	const wantedMs = (index: number): number => (hours[index] ?? 0) * HOUR_MS;
	for (const [index, { replica }] of stage.members.entries()) replica.setClock(wantedMs(index));
	await sleep(FAULTY_MS);
	return stage.members.filter(({ replica }, index) => Math.abs(replica.aheadMs() - wantedMs(index)) < 60_000).length;
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
