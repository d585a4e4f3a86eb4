/** Starts a measured server as a process on one core. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import jsonPatch from 'fast-json-patch';
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
	/** The object that is stored after the server's response to a review. */
	readonly stored: unknown;
	readonly stop: () => Promise<void>;
}

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
 * Starts a server that server.ts implements. Its log goes to a pipe, as in a pod, and the other core reads it. Resolves
 * after the first response with status 200.
 */
export async function startContestant(name: string, folder: string): Promise<Contestant> {
	const [port = 0] = await freePorts(1);
	const pipe = join(folder, `${port}.log`);
	spawnSync('mkfifo', [pipe]);
	const [reader = '', ...readerArgs] = pinned(LOAD_CORE, ['tail', '-c', LOG_BYTES, pipe]);
	const log = text(spawn(reader, readerArgs, { stdio: ['ignore', 'pipe', 'inherit'] }).stdout);
	const command = [process.execPath, join(import.meta.dirname, 'server.ts'), name, folder, String(port)];
	const [first = '', ...rest] = pinned(SERVER_CORE, command);
	const program = startProgram(name, first, rest, pipe);
	const url = `https://127.0.0.1:${port}/mutate?timeout=5s`;
	const deadlineMs = performance.now() + READY_MS;
	for (;;) {
		const stored = await storedBy(url, folder).catch(() => undefined);
		if (stored !== undefined) return { name, url, pid: program.pid, stored, stop: () => program.stop(0) };
		if (program.hasEnded() || performance.now() > deadlineMs) {
			await program.stop(0);
			throw new Error(`${name} did not get ready; the end of its log:\n${await log}`);
		}
		await sleep(POLL_MS);
	}
}

async function storedBy(url: string, folder: string): Promise<unknown> {
	const dispatcher = new Agent({ connect: { ca: readFileSync(join(folder, 'ca.crt')) } });
	try {
		const review = deploymentReview('1.5 KB');
		const headers = { 'content-type': 'application/json' };
		const { statusCode, body } = await request(url, { method: 'POST', headers, body: review, dispatcher });
		const { response } = (await body.json()) as { response: { patch: string } };
		if (statusCode !== 200) return undefined;
		const patch = JSON.parse(Buffer.from(response.patch, 'base64').toString()) as jsonPatch.Operation[];
		return jsonPatch.applyPatch(JSON.parse(review).request.object, patch, true).newDocument;
	} finally {
		await dispatcher.destroy();
	}
}
