/** The disturbances that affect the product and its environment. Each disturbance ends without further action. */
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { CERTIFICATE_SECRET } from '../../src/api/names.ts';
import { STEPS } from '../../src/certificates/plan.ts';
import { compact } from '../../test/harness/control-plane/compact.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { HOST, NS } from '../../test/harness/self-managed.ts';
import type { Faults } from './faulty-api-server.ts';
import type { Harness, Member } from './harness.ts';
import type { Random } from './random.ts';

/** Resolves with the number of times that the disturbance took effect. A result of 0 proves nothing. */
type Action = (harness: Harness, random: Random) => Promise<number>;

export interface Disturbance {
	readonly name: string;
	/** Maximum number of seconds until every object is in its desired state, on a machine without other work. */
	readonly rightWithin: number;
	readonly run: Action;
}

/** The recovery limit for most disturbances, which docs/reliability.md lists. */
const SOON = 10;
/** Another replica may become the leader when the Lease has not changed for 15 s. */
const TAKEOVER = 30;
const LONGER_THAN_A_LEASE_MS = 18_000;
/** A dead connection is detected only by the absence of events. */
const SILENCE = 150;
const FAULTY_MS = 5_000;
const HOUR_MS = 3_600_000;

const sum = <T>(all: readonly T[], of: (one: T) => number): number => all.reduce((total, one) => total + of(one), 0);

async function counted(count: () => number, act: () => Promise<unknown>): Promise<number> {
	const before = count();
	await act();
	return count() - before;
}

/** Waits until `count` has grown by at least `least`. */
const countedUntil = (count: () => number, act: () => Promise<unknown>, least = 1): Promise<number> => {
	const wanted = count() + least;
	const reacted = async (): Promise<void> => {
		if (count() < wanted) throw new Error('the product did not respond to the disturbance');
	};
	return counted(count, () => act().then(() => eventually(reacted, 60_000)));
};

/** Calls `act` for every member, four times in four seconds. */
const repeatedly = async (all: readonly Member[], act: (member: Member) => void): Promise<void> => {
	for (let done = 0; done < 4; done += 1) {
		for (const member of all) act(member);
		await sleep(1_000);
	}
};

const faultsMet =
	({ members }: Harness, fault: string) =>
	(): number =>
		sum(members, ({ http }) => http.met()[fault] ?? 0);
const connections = (members: readonly Member[]) => (): number => sum(members, ({ network }) => network.connections());
const logged =
	(members: readonly Member[], ...messages: string[]) =>
	(): number =>
		sum(members, ({ replica }) => sum(messages, replica.logged));

/** Applies `fault` to both replicas, and counts how often the fault takes effect. */
function faulty(fault: string, faults: Faults): Action {
	const act = async ({ members }: Harness): Promise<void> => {
		for (const { http } of members) {
			http.set(faults);
			if (faults.gone !== undefined) http.endWatches('end');
		}
		await sleep(FAULTY_MS);
		for (const { http } of members) http.set({});
	};
	return (harness) => counted(faultsMet(harness, fault), () => act(harness));
}

/**
 * Changes the product's Secret as another client, and counts the repairs. The repairing step depends on the data that
 * remains.
 */
function spoilt(data: object | null): Action {
	const act = async ({ api }: Harness): Promise<void> => {
		const how = { body: { data }, contentType: 'application/merge-patch+json' };
		const { status } = await api.send('PATCH', `/api/v1/namespaces/${NS}/secrets/${CERTIFICATE_SECRET}`, how);
		if (status !== 200) throw new Error(`the Secret cannot be changed: ${status}`);
	};
	return (harness) => countedUntil(logged(harness.members, ...Object.values(STEPS)), () => act(harness));
}

/** Ends the processes, and counts those that restarted. */
function ended(members: readonly Member[], signal: 'SIGTERM' | 'SIGKILL'): Promise<number> {
	const starts = (): number => sum(members, ({ replica }) => replica.starts());
	return countedUntil(starts, () => Promise.all(members.map(({ replica }) => replica.end(signal))), members.length);
}

/** Suspends the processes, and counts the replicas that did not respond at the end. */
async function frozen(harness: Harness, members: readonly Member[]): Promise<number> {
	for (const { replica } of members) replica.signal('SIGSTOP');
	await sleep(LONGER_THAN_A_LEASE_MS);
	const responses = await Promise.allSettled(members.map(({ replica }) => replica.metrics()));
	for (const { replica } of members) replica.signal('SIGCONT');
	await harness.ready();
	return responses.filter(({ status }) => status === 'rejected').length;
}

/** Cuts the connections for longer than a Lease lasts, and counts how often a replica loses leadership. */
function silenced(members: readonly Member[], start: (network: Network) => void, stop: (network: Network) => void) {
	return counted(logged(members, 'not leading'), async () => {
		for (const { network } of members) start(network);
		await sleep(LONGER_THAN_A_LEASE_MS);
		for (const { network } of members) stop(network);
	});
}

const stall = (network: Network): void => network.stall();
const resume = (network: Network): void => network.resume();
const reconnect = (network: Network): void => network.refuse(false);
const cutOff = (network: Network): void => {
	network.refuse(true);
	network.reset();
};

async function killedApiServer({ plane }: Harness, meanwhile: () => Promise<unknown>): Promise<number> {
	const before = plane.pids();
	await plane.stopApiServer(0);
	await meanwhile();
	await plane.startApiServer();
	return plane.pids().filter((pid) => !before.includes(pid)).length;
}

/**
 * Opens sockets to the webhook ports that send nothing, a partial request, or one byte a second. Counts the sockets
 * that stay open.
 */
async function slowClients({ members }: Harness): Promise<number> {
	const sockets = members.flatMap(({ replica }) => {
		const how = { host: '127.0.0.1', port: replica.webhookPort() ?? 0, servername: HOST, rejectUnauthorized: false };
		return Array.from({ length: 100 }, (_, index): Socket => {
			const socket = index % 2 === 0 ? connectTcp(how) : connectTls(how);
			if (index % 4 === 0) socket.write(Buffer.from([0x16, 0x03, 0x01]));
			if (index % 4 === 1) socket.write('POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{"half":');
			if (index % 4 === 3) socket.write('POST /validate HTTP/1.1\r\nHo');
			return socket.on('error', () => undefined);
		});
	});
	for (let second = 0; second < 5; second += 1) {
		await sleep(1_000);
		for (const socket of sockets) if (socket.writable) socket.write(' ');
	}
	const open = sockets.filter((socket) => !socket.destroyed && !socket.connecting).length;
	for (const socket of sockets) socket.destroy();
	return open;
}

/** Sets the clocks of both replicas, and counts the replicas whose log shows the change. */
async function clocks({ members }: Harness, hours: readonly number[]): Promise<number> {
	const wantedMs = (index: number): number => (hours[index] ?? 0) * HOUR_MS;
	for (const [index, { replica }] of members.entries()) replica.setClock(wantedMs(index));
	await sleep(FAULTY_MS);
	return members.filter(({ replica }, index) => Math.abs(replica.aheadMs() - wantedMs(index)) < 60_000).length;
}

/** Delays the network, and counts the proxies that held back bytes. */
async function slowNetwork({ members }: Harness): Promise<number> {
	let met = 0;
	for (let stalls = 0; stalls < 12; stalls += 1) {
		for (const { network } of members) network.stall();
		await sleep(400);
		met += members.filter(({ network }) => network.waiting() > 0).length;
		for (const { network } of members) network.resume();
		await sleep(50);
	}
	return met;
}

type Network = Member['network'];

async function replaced(harness: Harness): Promise<number> {
	let count = 0;
	for (const member of harness.members) {
		count += await ended([member], 'SIGTERM');
		await harness.ready();
	}
	return count;
}

const reset = ({ network }: Member): void => network.reset();
const endWatches = ({ http }: Member): void => http.endWatches('reset');
const halfOpen: Action = async (harness) => {
	const leader = await harness.leader();
	return countedUntil(connections([leader]), async () => leader.network.freeze());
};

/** The clocks differ by less than a day, because a certificate is valid from the day before it was issued. */
const clocksJump: Action = async (harness, random) => {
	const hours = random.between(2, 11);
	return (await clocks(harness, [hours, -hours])) + (await clocks(harness, [-hours, hours]));
};

const ROWS: readonly (readonly [name: string, rightWithin: number, run: Action])[] = [
	[
		'watches reset',
		SOON,
		(harness) => counted(faultsMet(harness, 'watch reset'), () => repeatedly(harness.members, endWatches)),
	],
	['connections reset', SOON, ({ members }) => counted(connections(members), () => repeatedly(members, reset))],
	['410 as a status', SOON, faulty('410 as a status', { gone: 'status' })],
	['410 as an event', SOON, faulty('410 as an event', { gone: 'event' })],
	['500 for half of the calls', SOON, faulty('500', { refused: { share: 0.5, status: 500 } })],
	['429 for half of the calls', SOON, faulty('429', { refused: { share: 0.5, status: 429, retryAfterSeconds: 1 } })],
	['lines cut, then reset', SOON, faulty('cut: reset', { cut: 'reset' })],
	['lines cut, then ended', SOON, faulty('cut: end', { cut: 'end' })],
	['lines cut, then garbled', SOON, faulty('cut: garbled', { cut: 'garbled' })],
	['slow network', SOON, slowNetwork],
	['network silent for 18 s', TAKEOVER, ({ members }) => silenced(members, stall, resume)],
	['leader cut off for 18 s', TAKEOVER, async (harness) => silenced([await harness.leader()], cutOff, reconnect)],
	['half-open connections', SILENCE, halfOpen],
	['API server killed', SOON, (harness) => killedApiServer(harness, () => sleep(3_000))],
	[
		'API server killed, etcd compacted',
		SOON,
		(harness) => killedApiServer(harness, () => compact(harness.plane.etcdUrl)),
	],
	['certificate spoilt', SOON, spoilt({ 'tls.crt': Buffer.from('hello').toString('base64') })],
	['all certificates lost', SOON, spoilt(null)],
	['leader killed', TAKEOVER, async (harness) => ended([await harness.leader()], 'SIGKILL')],
	['both killed', TAKEOVER, ({ members }) => ended(members, 'SIGKILL')],
	['both replaced, one after the other', SOON, replaced],
	['leader stopped for 18 s', TAKEOVER, async (harness) => frozen(harness, [await harness.leader()])],
	['both stopped for 18 s', TAKEOVER, (harness) => frozen(harness, harness.members)],
	['slow and silent clients', SOON, slowClients],
	['clocks jump by hours, and back further', SOON, clocksJump],
];

export const DISTURBANCES: readonly Disturbance[] = ROWS.map(([name, rightWithin, run]) => ({
	name,
	rightWithin,
	run,
}));
