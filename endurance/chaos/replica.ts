/**
 * Runs one replica of the product and acts as its kubelet: restarts a process that ended, and lists the replica as an
 * endpoint while it is ready.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Json } from '../../src/api/types.ts';
import { startGuard } from '../../test/harness/control-plane/processes.ts';
import { MAIN } from '../../test/harness/main-file.ts';
import { metricOf } from '../../test/harness/metrics.ts';
import { get } from '../../test/harness/program.ts';
import type { ServiceProxy } from '../../test/harness/service-proxy.ts';
import { keepDoing } from './keep-doing.ts';

export interface ReplicaOptions {
	readonly name: string;
	readonly kubeconfig: string;
	readonly flags: readonly string[];
	readonly service: ServiceProxy;
	readonly folder: string;
	readonly onLine: (line: string) => void;
	/** Files that are loaded before the program. */
	readonly preloads?: readonly string[];
}

export type Replica = ReturnType<typeof startReplica>;

const PROBE_PERIOD_MS = 1_000;
/** The `failureThreshold` in manifests/base. */
const FAILURES = 2;
const RESTART_MS = 500;
const CLOCK = join(import.meta.dirname, '../../test/harness/other-clock.ts');
const MOST_MISTAKES = 5;

export function startReplica({ name, service, folder, onLine, ...options }: ReplicaOptions) {
	const clockFile = join(folder, `${name}.clock`);
	writeFileSync(clockFile, '0');
	const counts = new Map<string, number>();
	/** The log lines of reviews that failed because of a bug in the product. */
	const mistakes: string[] = [];
	/** The last output of each process that the test did not end. */
	const crashes: string[] = [];
	let child: ChildProcess;
	let ended: Promise<number | null> = Promise.resolve(null);
	let ports: { readonly webhookPort: number; readonly metricsPort: number } | undefined;
	let [isExpected, isOver, isListed] = [false, false, false];
	let [starts, failures, aheadMs] = [0, 0, 0];
	/** Output that is not a log line. */
	let output = '';

	const unlist = (): void => {
		if (isListed && ports !== undefined) service.unlist(ports.webhookPort);
		isListed = false;
	};
	const read = (line: string): void => {
		onLine(line);
		const time = /"time":(\d+)/.exec(line)?.[1];
		if (time !== undefined) aheadMs = Number(time) - Date.now();
		// Skips the log lines of reviews, because metrics count them.
		if (line.includes('"msg":"review"')) return;
		if (!line.startsWith('{')) {
			output = `${output}${line}\n`.slice(-500);
			return;
		}
		const logged = JSON.parse(line) as Json;
		const message = String(logged['msg']);
		counts.set(message, (counts.get(message) ?? 0) + 1);
		const mistake = mistakeIn(logged);
		if (mistake !== undefined && mistakes.length < MOST_MISTAKES) mistakes.push(mistake);
		if (message === 'serving') ports = logged as unknown as { webhookPort: number; metricsPort: number };
	};
	const run = (): void => {
		const imports = [CLOCK, ...(options.preloads ?? [])].flatMap((file) => ['--import', file]);
		const flags = [`--kubeconfig=${options.kubeconfig}`, '--webhook-port=0', '--metrics-port=0', ...options.flags];
		const { PATH } = process.env;
		const env = { PATH, HOME: folder, KUBERNETES_SERVICE_HOST: '127.0.0.1', CLOCK_AHEAD_FILE: clockFile };
		child = spawn(process.execPath, [...imports, MAIN, 'serve', ...flags], { env, stdio: ['ignore', 'pipe', 'pipe'] });
		const guard = startGuard(child.pid ?? 0);
		starts += 1;
		output = '';
		isExpected = false;
		for (const input of [child.stdout, child.stderr]) if (input) createInterface({ input }).on('line', read);
		ended = new Promise((resolve) => {
			child.once('close', (code, signal) => {
				guard.kill('SIGKILL');
				unlist();
				ports = undefined;
				if (!isExpected) crashes.push(`${name} ended with ${code ?? signal}: ${output}`);
				resolve(code);
				if (!isOver) setTimeout(() => !isOver && run(), RESTART_MS);
			});
		});
	};
	const probe = async (): Promise<void> => {
		const probed = ports;
		if (probed === undefined) return;
		const isReady = (await get(probed.metricsPort, '/readyz')).status === 200;
		if (probed !== ports) return;
		failures = isReady ? 0 : failures + 1;
		if (failures >= FAILURES) unlist();
		if (isReady && !isListed) service.list(probed.webhookPort);
		isListed ||= isReady;
	};
	/** Resolves with the text of /metrics. Rejects if the replica does not respond. */
	const metrics = async (): Promise<string> => {
		const { status, body } = await get(ports?.metricsPort, '/metrics');
		if (status !== 200) throw new Error(`${name} does not respond`);
		return body;
	};
	/** Ends the process. Resolves when it has ended; the next process starts soon after. */
	const end = (signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> => {
		isExpected = true;
		// A Service removes a Pod as soon as the Pod begins to terminate.
		if (signal === 'SIGTERM') unlist();
		child.kill(signal);
		return ended;
	};
	run();
	const probes = keepDoing(probe, PROBE_PERIOD_MS);
	return {
		...{ name, metrics, mistakes, crashes, end },
		pid: () => child.pid ?? 0,
		/** Whether the replica is an endpoint of the Service. */
		isListed: () => isListed,
		/** Resolves with the value of a metric, or with 0 if the replica does not respond. */
		metric: (metric: string): Promise<number> => metricOf({ metrics }, metric).catch(() => 0),
		/** Returns how often a message was logged, over all processes of the replica. */
		logged: (message: string): number => counts.get(message) ?? 0,
		starts: () => starts,
		signal: (signal: 'SIGSTOP' | 'SIGCONT') => void child.kill(signal),
		/** Returns how far the replica's wall clock is ahead, according to its last log line. */
		aheadMs: () => aheadMs,
		setClock: (ahead: number): void => {
			writeFileSync(clockFile, String(ahead));
			child.kill('SIGUSR2');
		},
		/** Sends SIGTERM and resolves with the exit code. */
		stop: async () => {
			isOver = true;
			child.kill('SIGCONT');
			await probes.stop();
			return child.exitCode !== null || child.signalCode !== null ? child.exitCode : end('SIGTERM');
		},
	};
}

/** Returns an error that only a bug can cause. A look-up without a response is not a bug. */
export function mistakeIn({ msg, err }: Json): string | undefined {
	const { type, stack } = (err ?? {}) as { type?: string; stack?: string };
	if (msg !== 'review failed' && msg !== 'request failed') return undefined;
	return /^(Type|Reference|Range|Syntax)Error$/.test(String(type)) ? `${msg}: ${stack}` : undefined;
}
