/** The disturbances that affect the product and its environment. Each disturbance ends without further action. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CERTIFICATE_SECRET } from '../../src/api/names.ts';
import { STEPS } from '../../src/certificates/plan.ts';
import { compact } from '../../test/harness/control-plane/compact.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { NS } from '../../test/harness/self-managed.ts';
import type { Fault } from './faulty-api-server.ts';
import type { Harness, Member } from './harness.ts';
import type { Random } from './random.ts';

/** Resolves with the number of times that the disturbance took effect. A result of 0 proves nothing. */
type Action = (harness: Harness, random: Random) => Promise<number>;
type Network = Member['network'];

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

/** Resolves with the growth of `count`, when it has grown by at least `least`. */
async function counted(count: () => number, act: () => Promise<unknown>, least = 0): Promise<number> {
	const before = count();
	await act();
	await eventually(async () => {
		if (count() - before < least) throw new Error('the product did not respond to the disturbance');
	}, 60_000);
	return count() - before;
}

const connections = (members: readonly Member[]) => (): number => sum(members, ({ network }) => network.connections());
const logged =
	(members: readonly Member[], ...messages: string[]) =>
	(): number =>
		sum(members, ({ replica }) => sum(messages, replica.logged));

/** Applies `fault` to both replicas for some seconds, and counts how often the fault takes effect. */
function faulty({ members }: Harness, fault: Fault): Promise<number> {
	const set = (now: Fault | undefined): void => {
		for (const { http } of members) http.set(now);
	};
	const met = (): number => sum(members, ({ http }) => http.met());
	return counted(met, async () => {
		set(fault);
		await sleep(FAULTY_MS);
		set(undefined);
	});
}

/** Resets every connection four times in four seconds, and counts the new connections. */
const resets: Action = ({ members }) =>
	counted(connections(members), async () => {
		for (let done = 0; done < 4; done += 1) {
			for (const { network } of members) network.reset();
			await sleep(1_000);
		}
	});

/**
 * Changes the product's Secret as another client, and counts the repairs. The repairing step depends on the data that
 * remains.
 */
function spoilt({ api, members }: Harness, data: object | null): Promise<number> {
	const act = async (): Promise<void> => {
		const how = { body: { data }, contentType: 'application/merge-patch+json' };
		const { status } = await api.send('PATCH', `/api/v1/namespaces/${NS}/secrets/${CERTIFICATE_SECRET}`, how);
		if (status !== 200) throw new Error(`the Secret cannot be changed: ${status}`);
	};
	return counted(logged(members, ...Object.values(STEPS)), act, 1);
}

/** Ends the processes, and counts those that restarted. */
function ended(members: readonly Member[], signal: 'SIGTERM' | 'SIGKILL'): Promise<number> {
	const starts = (): number => sum(members, ({ replica }) => replica.starts());
	return counted(starts, () => Promise.all(members.map(({ replica }) => replica.end(signal))), members.length);
}

async function replaced(harness: Harness): Promise<number> {
	let count = 0;
	for (const member of harness.members) {
		count += await ended([member], 'SIGTERM');
		await harness.ready();
	}
	return count;
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
export const cutOff = (network: Network): void => {
	network.refuse(true);
	network.reset();
};

/** The leader opens another connection, or loses the Lease because HTTP/2 has only the dead connection. */
const halfOpen: Action = async (harness) => {
	const leader = await harness.leader();
	const [opened, lost] = [connections([leader]), logged([leader], 'not leading')];
	return counted(
		() => opened() + lost(),
		async () => leader.network.freeze(),
		1,
	);
};

async function killedApiServer({ plane }: Harness, meanwhile: () => Promise<unknown>): Promise<number> {
	const before = plane.pids();
	await plane.stopApiServer(0);
	await meanwhile();
	await plane.startApiServer();
	return plane.pids().filter((pid) => !before.includes(pid)).length;
}

/**
 * Sets one clock forward and the other back, and then the reverse. Counts the replicas whose log shows the change. The
 * clocks differ by less than a day, because a certificate is valid from the day before it was issued.
 */
const clocksJump: Action = async ({ members }, random) => {
	const hours = random.between(2, 11);
	let met = 0;
	for (const first of [hours, -hours]) {
		const wantedMs = (index: number): number => (index === 0 ? first : -first) * HOUR_MS;
		for (const [index, { replica }] of members.entries()) replica.setClock(wantedMs(index));
		await sleep(FAULTY_MS);
		met += members.filter(({ replica }, index) => Math.abs(replica.aheadMs() - wantedMs(index)) < 60_000).length;
	}
	return met;
};

const ROWS: readonly (readonly [name: string, rightWithin: number, run: Action])[] = [
	['connections reset', SOON, resets],
	['watches fail with 410', SOON, (harness) => faulty(harness, 'gone')],
	['half of the calls fail', SOON, (harness) => faulty(harness, 'refused')],
	['watch events cut', SOON, (harness) => faulty(harness, 'cut')],
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
	['certificate spoilt', SOON, (harness) => spoilt(harness, { 'tls.crt': Buffer.from('hello').toString('base64') })],
	['all certificates lost', SOON, (harness) => spoilt(harness, null)],
	['leader killed', TAKEOVER, async (harness) => ended([await harness.leader()], 'SIGKILL')],
	['both killed', TAKEOVER, ({ members }) => ended(members, 'SIGKILL')],
	['both replaced, one after the other', SOON, replaced],
	['leader stopped for 18 s', TAKEOVER, async (harness) => frozen(harness, [await harness.leader()])],
	['both stopped for 18 s', TAKEOVER, (harness) => frozen(harness, harness.members)],
	['clocks jump by hours, and back further', SOON, clocksJump],
];

export const DISTURBANCES: readonly Disturbance[] = ROWS.map(([name, rightWithin, run]) => ({
	...{ name, rightWithin, run },
}));
