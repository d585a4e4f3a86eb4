/** Runs kubectl the way a person would. */
import { spawn } from 'node:child_process';

export interface KubectlOptions {
	/** Written to stdin, for `-f -`. */
	readonly input?: string;
	readonly env?: Readonly<Record<string, string>>;
	readonly timeoutMs?: number;
}

export interface KubectlResult {
	/** Exit code; -1 when it was killed, for example after the time-out. */
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** Never throws for a kubectl that fails: the code says so. `home` keeps its discovery cache apart from the user's. */
export function runKubectl(
	path: string,
	kubeconfig: string,
	home: string,
	args: readonly string[],
	options: KubectlOptions,
): Promise<KubectlResult> {
	const env = { ...process.env, HOME: home, KUBECONFIG: kubeconfig, ...options.env };
	return new Promise((resolve, reject) => {
		const child = spawn(path, args, { env, timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS, killSignal: 'SIGKILL' });
		let stdout = '';
		let stderr = '';
		child.stdout.setEncoding('utf8').on('data', (text: string) => {
			stdout += text;
		});
		child.stderr.setEncoding('utf8').on('data', (text: string) => {
			stderr += text;
		});
		// kubectl may end before it has read everything, for example for a wrong flag.
		child.stdin.on('error', () => {});
		child.stdin.end(options.input ?? '');
		child.on('error', (cause) => reject(new Error(`running ${path}`, { cause })));
		child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
	});
}
