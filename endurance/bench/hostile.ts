/**
 * `make bench-hostile`: what is left of an ordinary client's rate while an attacker is at the same port. `thv-scaling serve` as a process on
 * one core, client and attacker (attacker.ts) on the other; rates without and with each attack in turn.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Pool } from 'undici';
import { issueCa, issueServing } from '../../certs/issue.ts';
import { imageEnvironment } from '../../test/harness/image.ts';
import { writeKubeconfig } from '../../test/harness/kubeconfig.ts';
import { MAIN } from '../../test/harness/main-file.ts';
import { startProgram } from '../../test/harness/program.ts';
import { startScriptedApiServer } from '../../test/harness/scripted-api-server.ts';
import { createSecretVolume } from '../../test/harness/secret-volume.ts';
import { reviewWith } from '../../test/harness/serving.ts';
import type { Part } from './account.ts';
import { ATTACK_NAMES, type AttackName } from './attacks.ts';
import { LOAD_CORE, pin, SERVER_CORE } from './h2load.ts';
import { AS_IN_THE_POD, printProgress } from './installed.ts';
import { residentMib } from './linux-process.ts';
import { median, percentile, rounded, type Spread, spreadOf } from './statistics.ts';
import { spreadText, table } from './table.ts';

export interface HostileOptions {
	readonly rounds: number;
	readonly seconds: number;
}

export interface Attacked {
	readonly attack: AttackName;
	/** Reviews a second, medians. */
	readonly without: number;
	readonly during: number;
	readonly ratio: Spread;
	readonly p99Ms: number;
	/** Memory that the process had at most until then. */
	readonly peakMib: number;
}

const CONNECTIONS = 8;
const LONGEST_MS = 10_000;
/** A server that has ended never answers again. */
const MOST_WAITS = 10;
/** What is to be left of the rate. */
const GOAL = 0.5;
/** The limit of the pod in manifests/. */
const LIMIT_MIB = 512;

export const HOSTILE: Part<HostileOptions, readonly Attacked[]> = {
	name: 'hostile',
	command: 'make bench-hostile',
	page: 'docs/reliability.md',
	options: { rounds: 5, seconds: 1 },
	shortOptions: { rounds: 1, seconds: 0.5 },
	measure,
	tables: ({ results }) =>
		table(
			results.map(({ attack, without, during, ratio, p99Ms, peakMib }) => ({
				attack,
				'of the rate is left': spreadText(ratio),
				'reviews/s without': without,
				during,
				'p99 ms': p99Ms,
				'MiB, most so far': peakMib,
			})),
		),
	goals: ({ results }) => {
		const least = Math.min(...results.map(({ ratio }) => ratio.median));
		const most = Math.max(...results.map(({ peakMib }) => peakMib));
		return [
			{ promised: `at least ${GOAL} of the rate is left`, measured: String(least), isKept: least >= GOAL },
			{ promised: `memory stays below ${LIMIT_MIB} MiB`, measured: String(most), isKept: most < LIMIT_MIB },
		];
	},
};

async function measure(options: HostileOptions): Promise<readonly Attacked[]> {
	const authority = await issueCa();
	const volume = createSecretVolume(await issueServing(authority));
	const api = await startScriptedApiServer();
	const kubeconfig = writeKubeconfig(api.url, api.ca);
	const files = ['--tls-dir', volume.folder, '--kubeconfig', kubeconfig.path];
	const serve = ['serve', ...files, '--webhook-port=0', '--metrics-port=0', '--reconcile=false'];
	const program = startProgram(serve, imageEnvironment(), { program: [...AS_IN_THE_POD, MAIN] });
	try {
		const port = Number((await program.logged('serving'))['webhookPort']);
		await program.logged('ready');
		pin(program.process.pid, SERVER_CORE);
		pin(process.pid, LOAD_CORE);
		// The first one is not counted: V8 compiles meanwhile.
		await rateOf(port, options);
		const quiet = await rateOf(port, options);
		const rows: Attacked[] = [];
		for (const attack of ATTACK_NAMES) {
			const row = await measureAttack(attack, port, options, quiet.rate);
			if (program.process.exitCode !== null) {
				throw new Error(`the server ended under "${attack}":\n${(await program.ended).stderr}`);
			}
			rows.push({ ...row, peakMib: Math.round(residentMib(program.process.pid ?? 0).peak) });
			printProgress(`${attack}: ${row.ratio.median}`);
		}
		return rows;
	} finally {
		await program.kill();
		await api.stop();
		volume.remove();
		kubeconfig.remove();
	}
}

async function measureAttack(attack: AttackName, port: number, options: HostileOptions, quietRate: number) {
	const rounds: { without: number; during: number; p99Ms: number }[] = [];
	for (let round = 0; round < options.rounds; round += 1) {
		let without = await rateOf(port, options);
		// The server may still parse what the last attacker left in its buffers.
		for (let waits = 0; waits < MOST_WAITS && without.rate < quietRate / 2; waits += 1) {
			without = await rateOf(port, options);
		}
		const attacker = fork(join(import.meta.dirname, 'attacker.ts'), [attack, String(port)]);
		pin(attacker.pid, LOAD_CORE);
		await once(attacker, 'message');
		const during = await rateOf(port, options);
		const ended = once(attacker, 'exit');
		attacker.disconnect();
		await ended;
		rounds.push({ without: without.rate, during: during.rate, p99Ms: during.p99Ms });
	}
	return {
		attack,
		without: rounded(median(rounds.map(({ without }) => without))),
		during: rounded(median(rounds.map(({ during }) => during))),
		ratio: spreadOf(rounds.map(({ without, during }) => during / without)),
		p99Ms: rounded(median(rounds.map(({ p99Ms }) => p99Ms))),
	};
}

/**
 * Of what was answered with 200, on connections that were open before. h2load cannot measure this: it does not end when a connection takes
 * longer to open than the measurement, as some attacks bring about.
 */
async function rateOf(port: number, { seconds }: HostileOptions): Promise<{ rate: number; p99Ms: number }> {
	const connect = { rejectUnauthorized: false };
	const timeouts = { headersTimeout: LONGEST_MS, bodyTimeout: LONGEST_MS };
	const pool = new Pool(`https://127.0.0.1:${port}`, { connections: CONNECTIONS, connect, ...timeouts });
	const body = JSON.stringify(reviewWith());
	const headers = { 'content-type': 'application/json' };
	const latenciesMs: number[] = [];
	let answered = 0;
	const ask = async (): Promise<void> => {
		const startedMs = performance.now();
		try {
			const answer = await pool.request({ method: 'POST', path: '/mutate?timeout=10s', headers, body });
			await answer.body.dump();
			if (answer.statusCode === 200) answered += 1;
		} catch {
			// The server closed the connection: a request without an answer.
		}
		latenciesMs.push(performance.now() - startedMs);
	};
	const clients = Array.from({ length: CONNECTIONS });
	await Promise.all(clients.map(ask));
	[answered, latenciesMs.length] = [0, 0];
	const startedMs = performance.now();
	const goOn = async (): Promise<void> => {
		while (performance.now() < startedMs + seconds * 1000) await ask();
	};
	await Promise.all(clients.map(goOn));
	const elapsedSeconds = (performance.now() - startedMs) / 1000;
	await pool.destroy();
	return { rate: answered / elapsedSeconds, p99Ms: percentile(latenciesMs, 0.99) };
}
