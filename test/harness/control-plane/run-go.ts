/** Runs Go commands in a folder that contains a `go.mod`. */
import { spawn } from 'node:child_process';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Flags that exclude local paths and version control data from the programs, and prevent changes of `go.mod`. */
export const BUILD_FLAGS = ['-trimpath', '-mod=readonly', '-buildvcs=false'] as const;

/** Allows Go to download the Go release that a `go.mod` requires, if the installed release is older. */
export const ANY_GO: Environment = { GOTOOLCHAIN: 'auto' };

/** Matches lines that Go prints after the actual error. */
const NOISE = /^(go: (warning:|to switch|downloading|added|upgraded)|\tgo get )/;

/** Resolves with stdout. Rejects with the last two lines of stderr that do not match NOISE. */
export function runGo(args: readonly string[], folder: string, env: Environment): Promise<string> {
	return new Promise((resolve, reject) => {
		const child = spawn('go', args, {
			cwd: folder,
			env: { ...env, GOWORK: 'off', CGO_ENABLED: '0' },
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		let output = '';
		let complaint = '';
		child.stdout.setEncoding('utf8').on('data', (text: string) => {
			output += text;
		});
		child.stderr.setEncoding('utf8').on('data', (text: string) => {
			complaint = (complaint + text).slice(-2_000);
		});
		child.on('error', (cause) =>
			reject(new Error('Go is not installed (no `go` in PATH); install Go 1.26 or newer', { cause })),
		);
		child.on('close', (code) => {
			const lines = complaint.split('\n').filter((line) => line.trim() !== '' && !NOISE.test(line));
			const last = lines.slice(-2).join(' ').trim() || `exit code ${code}`;
			if (code === 0) resolve(output);
			else reject(new Error(`go ${args[0]} of ${args.at(-1)} failed: ${last}`));
		});
	});
}
