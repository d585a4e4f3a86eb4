/** Starts a measured server as a process on one core. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { issueCa, issueServing } from '../../certs/issue.ts';
import { freePorts, startProgram } from '../../test/harness/control-plane/processes.ts';
import { LOAD_CORE, pinned, SERVER_CORE } from './h2load.ts';
import { deploymentReview } from './payloads.ts';

export interface Contestant {
	readonly name: string;
	/** The URL that accepts AdmissionReviews. */
	readonly url: string;
	readonly pid: number;
	readonly stop: () => Promise<void>;
}

/** Pepr calls the API server in its first 3 s, and then waits for a watch. */
const READY_MS = 60_000;
const POLL_MS = 50;
const LOG_BYTES = '2000';

/** Writes the files that each server reads from its folder. */
export async function writeCertificates(folder: string): Promise<void> {
	const ca = await issueCa();
	const { cert, key } = await issueServing(ca);
	for (const [file, pem] of Object.entries({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca.cert }))
		writeFileSync(join(folder, file), pem);
}

/**
 * Starts the server. Its log goes to a pipe, as in a pod, and the other core reads it. Resolves after the first
 * response with status 200.
 */
export async function startContestant(
	name: string,
	folder: string,
	command: (port: number) => readonly string[],
	path = '/mutate',
): Promise<Contestant> {
	const [port = 0] = await freePorts(1);
	const pipe = join(folder, `${port}.log`);
	spawnSync('mkfifo', [pipe]);
	const [reader = '', ...readerArgs] = pinned(LOAD_CORE, ['tail', '-c', LOG_BYTES, pipe]);
	const log = text(spawn(reader, readerArgs, { stdio: ['ignore', 'pipe', 'inherit'] }).stdout);
	const [first = '', ...rest] = pinned(SERVER_CORE, command(port));
	const program = startProgram(name, first, rest, pipe);
	const url = `https://127.0.0.1:${port}${path}?timeout=5s`;
	const deadlineMs = performance.now() + READY_MS;
	const review = deploymentReview('1.5 KB');
	while ((await post(url, folder, review).catch(() => undefined))?.status !== 200) {
		if (program.hasEnded() || performance.now() > deadlineMs) {
			await program.stop(0);
			throw new Error(`${name} did not get ready; the end of its log:\n${await log}`);
		}
		await sleep(POLL_MS);
	}
	return { name, url, pid: program.pid, stop: () => program.stop(0) };
}

/** Starts a server that server.ts implements. */
export const startOwn = (name: string, folder: string): Promise<Contestant> => {
	const command = [process.execPath, join(import.meta.dirname, 'server.ts'), name, folder];
	return startContestant(name, folder, (port) => [...command, String(port)]);
};

export async function post(url: string, folder: string, review: string): Promise<{ status: number; body: string }> {
	const dispatcher = new Agent({ connect: { ca: readFileSync(join(folder, 'ca.crt')) } });
	try {
		const headers = { 'content-type': 'application/json' };
		const { statusCode, body } = await request(url, { method: 'POST', headers, body: review, dispatcher });
		return { status: statusCode, body: await body.text() };
	} finally {
		await dispatcher.destroy();
	}
}
