/** One replica of the product and what a kubelet does for it: starts it again when it ends, and lists it while it is ready. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../../src/api/types.ts';
import { startGuard } from '../../test/harness/control-plane/processes.ts';
import { MAIN } from '../../test/harness/main-file.ts';
import { metricOf } from '../../test/harness/metrics.ts';
import { get } from '../../test/harness/program.ts';
import type { ServiceProxy } from '../../test/harness/service-proxy.ts';
import { createMistakes, type Mistakes } from './mistakes.ts';

export interface Replica {
	readonly name: string;
	readonly pid: () => number;
	/** Undefined until the process that runs now has said so. */
	readonly webhookPort: () => number | undefined;
	/** Whether the Service leads to it. */
	readonly isListed: () => boolean;
	/** Text of /metrics; rejects where nobody answers. */
	readonly metrics: () => Promise<string>;
	/** 0 where nobody answers. */
	readonly metricOf: (name: string) => Promise<number>;
	/** Times that a message was logged, by all its processes. */
	readonly said: (message: string) => number;
	/** What failed because of us. */
	readonly mistakes: Mistakes;
	/** Processes that ended without being told to, with the last words of each. */
	readonly crashes: readonly string[];
	readonly starts: () => number;
	/** Ends the process; it is started again. Resolves when it has ended. */
	readonly end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>;
	readonly freeze: () => void;
	readonly thaw: () => void;
	/** How far its wall clock is ahead of ours, as its latest line says. */
	readonly aheadMs: () => number;
	/** Its wall clock jumps to so much ahead of ours. */
	readonly setClock: (wantedMs: number) => void;
	/** Ends it for good, as SIGTERM does; resolves with its exit code. */
	readonly stop: () => Promise<number | null>;
}

export interface ReplicaOptions {
	readonly name: string;
	readonly kubeconfig: string;
	readonly flags: readonly string[];
	readonly service: ServiceProxy;
	readonly folder: string;
	/** Told of each line of its log. */
	readonly onLine: (line: string) => void;
	/** Files that are loaded before the program. */
	readonly preloads?: readonly string[];
	/** Besides what it needs. */
	readonly env?: Readonly<Record<string, string>>;
}

const PROBE_PERIOD_MS = 1_000;
/** `failureThreshold` of manifests/base. */
const FAILURES = 2;
const RESTART_MS = 500;
const LONGEST_WORDS = 500;
const CLOCK = join(import.meta.dirname, '../../test/harness/other-clock.ts');
/** One line per request; they are counted by the metrics. */
const REVIEW = '"msg":"review"';
const TIME = /"time":(\d+)/;

export function startReplica(options: ReplicaOptions): Replica {
	const { name, service } = options;
	const clockFile = join(options.folder, `${name}.clock`);
	writeFileSync(clockFile, '0');
	const counts = new Map<string, number>();
	const mistakes = createMistakes();
	const crashes: string[] = [];
	let child: ChildProcess;
	let ended: Promise<number | null> = Promise.resolve(null);
	let ports: { webhookPort: number; metricsPort: number } | undefined;
	let isTold = false;
	let isOver = false;
	let starts = 0;
	let aheadMs = 0;
	let isListed = false;
	/** What it wrote that is no log. */
	let words = '';

	const unlist = (): void => {
		if (isListed && ports !== undefined) service.unlist(ports.webhookPort);
		isListed = false;
	};
	const hear = (line: string): void => {
		options.onLine(line);
		const time = TIME.exec(line)?.[1];
		if (time !== undefined) aheadMs = Number(time) - Date.now();
		if (line.includes(REVIEW)) return;
		if (!line.startsWith('{')) {
			words = `${words}${line}\n`.slice(-LONGEST_WORDS);
			return;
		}
		const said = JSON.parse(line) as Json;
		const message = String(said['msg']);
		counts.set(message, (counts.get(message) ?? 0) + 1);
		mistakes.hear(said);
		if (message === 'serving') ports = said as unknown as { webhookPort: number; metricsPort: number };
	};
	const run = (): void => {
		const imported = [CLOCK, ...(options.preloads ?? [])].flatMap((file) => ['--import', file]);
		const args = [
			'serve',
			`--kubeconfig=${options.kubeconfig}`,
			'--webhook-port=0',
			'--metrics-port=0',
			...options.flags,
		];
		const env = {
			PATH: process.env['PATH'],
			HOME: options.folder,
			KUBERNETES_SERVICE_HOST: '127.0.0.1',
			CLOCK_AHEAD_FILE: clockFile,
			...options.env,
		};
		child = spawn(process.execPath, [...imported, MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
		const guard = startGuard(child.pid ?? 0);
		starts += 1;
		words = '';
		isTold = false;
		for (const stream of [child.stdout, child.stderr]) {
			if (stream !== null) createInterface({ input: stream }).on('line', hear);
		}
		ended = new Promise((resolve) => {
			child.once('close', (code, signal) => {
				guard.kill('SIGKILL');
				unlist();
				ports = undefined;
				if (!isTold) crashes.push(`${name} ended with ${code ?? signal}: ${words}`);
				resolve(code);
				if (!isOver) setTimeout(() => !isOver && run(), RESTART_MS);
			});
		});
	};

	const probe = async (): Promise<void> => {
		let failures = 0;
		while (!isOver) {
			await sleep(PROBE_PERIOD_MS);
			const asked = ports;
			if (asked === undefined) continue;
			const isReady = (await get(asked.metricsPort, '/readyz')).status === 200;
			if (asked !== ports) continue;
			failures = isReady ? 0 : failures + 1;
			if (failures >= FAILURES) unlist();
			if (isReady && !isListed) {
				service.list(asked.webhookPort);
				isListed = true;
			}
		}
	};

	const metrics = async (): Promise<string> => {
		const { status, body } = await get(ports?.metricsPort, '/metrics');
		if (status !== 200) throw new Error(`${name} does not answer`);
		return body;
	};
	const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> => {
		isTold = true;
		// A Service stops leading to a pod when that begins to end.
		if (signal === 'SIGTERM') unlist();
		child.kill(signal);
		return ended;
	};
	const killNow = (): void => void child.kill('SIGKILL');
	process.on('exit', killNow);
	run();
	void probe();
	return {
		name,
		pid: () => child.pid ?? 0,
		webhookPort: () => ports?.webhookPort,
		isListed: () => isListed,
		metrics,
		metricOf: (metric) => metricOf({ metrics }, metric).catch(() => 0),
		said: (message) => counts.get(message) ?? 0,
		mistakes,
		crashes,
		starts: () => starts,
		end: async (signal) => void (await end(signal)),
		freeze: () => void child.kill('SIGSTOP'),
		thaw: () => void child.kill('SIGCONT'),
		aheadMs: () => aheadMs,
		setClock: (wantedMs) => {
			writeFileSync(clockFile, String(wantedMs));
			child.kill('SIGUSR2');
		},
		stop: async () => {
			isOver = true;
			process.off('exit', killNow);
			child.kill('SIGCONT');
			const isGone = child.exitCode !== null || child.signalCode !== null;
			return isGone ? child.exitCode : end('SIGTERM');
		},
	};
}
