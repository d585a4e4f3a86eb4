/** What disturbances are made of. Each resolves with how often it was met. */
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { CERTIFICATE_SECRET } from '../../src/api/names.ts';
import { STEPS } from '../../src/certificates/plan.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { HOST, NS } from '../../test/harness/self-managed.ts';
import type { Faults } from './faulty-api-server.ts';
import type { Member, Stage } from './stage.ts';

type Deed = (stage: Stage) => Promise<number>;

/** A Lease lasts 15 s. */
export const LONGER_THAN_A_LEASE_MS = 18_000;
const HOUR_MS = 3_600_000;
const FAULTY_MS = 5_000;

/** Of all replicas; undefined where one does not tell, such as a stopped one. */
export const metOf = ({ members }: Stage, fault: string): number =>
	members.reduce((sum, { http }) => sum + (http.met()[fault] ?? 0), 0);

/** `faults` for a while, for both replicas; met as often as `fault` was. */
export const faulty =
	(fault: string, faults: Faults): Deed =>
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
export const spoilt =
	(patch: object): Deed =>
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

export const saidBy = ({ members }: Stage, message: string): number =>
	members.reduce((sum, { replica }) => sum + replica.said(message), 0);

/** Ends processes, and how many were started again. */
export async function ended(members: readonly Member[], signal: 'SIGTERM' | 'SIGKILL'): Promise<number> {
	const starts = (): number => members.reduce((sum, { replica }) => sum + replica.starts(), 0);
	const before = starts();
	await Promise.all(members.map(({ replica }) => replica.end(signal)));
	await eventually(async () => {
		if (starts() < before + members.length) throw new Error('not started again');
	});
	return starts() - before;
}

export async function frozen(stage: Stage, members: readonly Member[], ms: number): Promise<number> {
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
export async function slowClients(stage: Stage): Promise<number> {
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
export async function clocks(stage: Stage, hours: readonly number[]): Promise<number> {
	const wantedMs = (index: number): number => (hours[index] ?? 0) * HOUR_MS;
	for (const [index, { replica }] of stage.members.entries()) replica.setClock(wantedMs(index));
	await sleep(FAULTY_MS);
	return stage.members.filter(({ replica }, index) => Math.abs(replica.aheadMs() - wantedMs(index)) < 60_000).length;
}
