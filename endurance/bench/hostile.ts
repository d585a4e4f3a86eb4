/**
 * `make bench-hostile`: measures the rate of an ordinary client with and without attacks on the same port. `thv-scaling
 * serve` runs on one core; the client and the attacker (attacker.ts) run on the other.
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
import { printProgress } from '../installed/prepare-cluster.ts';
import { definePart } from './account.ts';
import { ATTACK_NAMES, type AttackName } from './attacks.ts';
import { LOAD_CORE, pin, SERVER_CORE } from './h2load.ts';
import { AS_IN_THE_POD } from './installed.ts';
import { residentMib } from './linux-process.ts';
import { middle, percentile, spreadOf } from './statistics.ts';
import { spreadText, table } from './table.ts';

interface HostileOptions {
	readonly rounds: number;
	readonly seconds: number;
}

const CONNECTIONS = 8;
const TIMEOUT_MS = 10_000;
/** The wait needs a limit, because a server that has crashed does not become fast again. */
const MAX_WAITS = 10;
/** The minimum ratio between the rates with and without an attack. */
const GOAL = 0.5;
/** The memory limit of the pod in manifests/. */
const LIMIT_MIB = 512;

async function measure(options: HostileOptions) {
	const volume = createSecretVolume(await issueServing(await issueCa()));
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
		// The first measurement is not counted, because V8 still compiles code then.
		await measureRate(port, options);
		const calm = await measureRate(port, options);
		const rows: (Awaited<ReturnType<typeof measureAttack>> & { readonly peakMib: number })[] = [];
		for (const attack of ATTACK_NAMES) {
			const row = await measureAttack(attack, port, options, calm.rate);
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

/** Returns medians over the rounds, in reviews per second. */
async function measureAttack(attack: AttackName, port: number, options: HostileOptions, calmRate: number) {
	const rounds: { without: number; during: number; p99Ms: number }[] = [];
	for (let round = 0; round < options.rounds; round += 1) {
		let { rate: without } = await measureRate(port, options);
		// The server may still be parsing what the last attacker sent.
		for (let waits = 0; waits < MAX_WAITS && without < calmRate / 2; waits += 1)
			without = (await measureRate(port, options)).rate;
		const attacker = fork(join(import.meta.dirname, 'attacker.ts'), [attack, String(port)]);
		pin(attacker.pid, LOAD_CORE);
		await once(attacker, 'message');
		const { rate: during, p99Ms } = await measureRate(port, options);
		const ended = once(attacker, 'exit');
		attacker.disconnect();
		await ended;
		rounds.push({ without, during, p99Ms });
	}
	return {
		attack,
		without: middle(rounds, ({ without }) => without),
		during: middle(rounds, ({ during }) => during),
		ratio: spreadOf(rounds.map(({ without, during }) => during / without)),
		p99Ms: middle(rounds, ({ p99Ms }) => p99Ms),
	};
}

/**
 * Counts reviews per second with status 200, on connections that are already open. h2load cannot measure this, because
 * it never ends if an attack delays its connections for longer than the measurement.
 */
async function measureRate(port: number, { seconds }: HostileOptions): Promise<{ rate: number; p99Ms: number }> {
	const connect = { rejectUnauthorized: false };
	const timeouts = { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS };
	const pool = new Pool(`https://127.0.0.1:${port}`, { connections: CONNECTIONS, connect, ...timeouts });
	const headers = { 'content-type': 'application/json' };
	const review = { method: 'POST', path: '/mutate?timeout=10s', headers } as const;
	const template = JSON.stringify(reviewWith({ uid: 'UID' }));
	const latenciesMs: number[] = [];
	let answered = 0;
	let sent = 0;
	let wrong: string | undefined;
	const send = async (): Promise<void> => {
		const startedMs = performance.now();
		sent += 1;
		const uid = `uid-${sent}`;
		try {
			const { statusCode, body } = await pool.request({ ...review, body: template.replace('UID', uid) });
			const text = await body.text();
			if (statusCode === 200) answered += 1;
			if (statusCode === 200 && !text.includes(`"uid":"${uid}"`)) wrong = `${uid} got ${text}`;
		} catch {
			// The server closed the connection, which counts as a request without a response.
		}
		latenciesMs.push(performance.now() - startedMs);
	};
	const onAll = (work: () => Promise<void>) => Promise.all(Array.from({ length: CONNECTIONS }, work));
	await onAll(send);
	[answered, latenciesMs.length] = [0, 0];
	const startedMs = performance.now();
	await onAll(async () => {
		while (performance.now() < startedMs + seconds * 1000) await send();
	});
	const elapsedSeconds = (performance.now() - startedMs) / 1000;
	await pool.destroy();
	if (wrong !== undefined) throw new Error(`a review got the response to another one: ${wrong}`);
	return { rate: answered / elapsedSeconds, p99Ms: percentile(latenciesMs, 0.99) };
}

export const HOSTILE = definePart({
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
			{ promised: `at least ${GOAL} of the rate is left`, measured: least, isKept: least >= GOAL },
			{ promised: `memory stays below ${LIMIT_MIB} MiB`, measured: most, isKept: most < LIMIT_MIB },
		];
	},
});
