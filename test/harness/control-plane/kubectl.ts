/** Runs the kubectl program, so that tests use the same client as users. */
import { execFile } from 'node:child_process';

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

const MAX_OUTPUT_BYTES = 1024 ** 3;

/**
 * Resolves even if kubectl exits with an error; the caller must check `code`. HOME is set to `home`, so that kubectl
 * does not use the discovery cache of the user who runs the tests.
 */
export function runKubectl(
	path: string,
	kubeconfig: string,
	home: string,
	args: readonly string[],
	{ input = '', env, timeoutMs = 60_000 }: KubectlOptions,
): Promise<KubectlResult> {
	const how = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES } as const;
	const all = { ...process.env, HOME: home, KUBECONFIG: kubeconfig, ...env };
	return new Promise((resolve, reject) => {
		const child = execFile(path, args, { ...how, env: all }, (error, stdout, stderr) => {
			if (typeof error?.code === 'string') return reject(new Error(`running ${path}`, { cause: error }));
			resolve({ code: error === null ? 0 : (error.code ?? -1), stdout, stderr });
		});
		// Writing to stdin fails if kubectl exits early, for example because of an unknown flag.
		child.stdin?.on('error', () => undefined).end(input);
	});
}
