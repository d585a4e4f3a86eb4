/** Runs the kubectl program, so that tests use the same client as users. */
import { spawn } from 'node:child_process';

export interface KubectlOptions {
	/** Text to write to stdin, for `-f -`. */
	readonly input?: string;
	readonly env?: Readonly<Record<string, string>>;
	readonly timeoutMs?: number;
}

export interface KubectlResult {
	/** Exit code, or -1 if kubectl was killed, for example after the timeout. */
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Resolves even if kubectl exits with an error; the caller must check `code`. HOME is set to `home`, so that kubectl
 * does not use the discovery cache of the user who runs the tests.
 */
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
		// Writing to stdin fails if kubectl exits early, for example because of an unknown flag.
		child.stdin.on('error', () => {});
		child.stdin.end(options.input ?? '');
		child.on('error', (cause) => reject(new Error(`running ${path}`, { cause })));
		child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
	});
}
