/** Runs Go commands in a folder that contains a `go.mod`, and builds programs once per machine. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { withLock } from './lock.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Flags that exclude local paths and version control data from the programs, and prevent changes of `go.mod`. */
export const BUILD_FLAGS = ['-trimpath', '-mod=readonly', '-buildvcs=false'] as const;

/** Allows Go to download the Go release that a `go.mod` requires, if the installed release is older. */
const ANY_GO: Environment = { GOTOOLCHAIN: 'auto' };

/** Matches lines that Go prints after the actual error. */
const NOISE = /^(go: (warning:|to switch|downloading|added|upgraded)|\tgo get )/;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Resolves with stdout. Rejects with the last two lines of stderr that do not match NOISE. */
export function runGo(args: readonly string[], folder: string, given: Environment): Promise<string> {
	const env = { ...ANY_GO, ...given, GOWORK: 'off', CGO_ENABLED: '0' };
	return new Promise((resolve, reject) => {
		execFile('go', args, { cwd: folder, env, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
			if (error === null) return resolve(stdout);
			if (error.code === 'ENOENT')
				return reject(new Error('Go is not installed (no `go` in PATH); install Go 1.26 or newer', { cause: error }));
			const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !NOISE.test(line));
			const last = lines.slice(-2).join(' ').trim() || `exit code ${error.code}`;
			reject(new Error(`go ${args[0]} of ${args.at(-1)} failed: ${last}`));
		});
	});
}

export interface GoProgram {
	/** The folder that contains a `go.mod`, or a function that creates one in a new folder. */
	readonly module: string | ((folder: string) => Promise<unknown>);
	/** The package of the program, for example `k8s.io/kubernetes/cmd/kubectl`. */
	readonly source: string;
	readonly flags?: readonly string[];
}

/**
 * Returns `path`, and builds the program if it does not exist, which takes minutes. The program is moved to `path` only
 * when it is complete. Several processes may call this function at the same time.
 */
export async function buildOnce(
	path: string,
	{ module, source, flags = [] }: GoProgram,
	env: Environment,
	say: (line: string) => void,
): Promise<string> {
	if (existsSync(path)) return path;
	await mkdir(dirname(path), { recursive: true });
	return withLock(`${path}.lock`, say, async () => {
		if (existsSync(path)) return path;
		// On a machine without Go, this call fails before the progress message about the build is printed.
		await runGo(['version'], dirname(path), env);
		say(`building ${path} (minutes, once per machine)`);
		const startedMs = Date.now();
		const folder = typeof module === 'string' ? module : `${path}.module`;
		if (typeof module !== 'string') {
			await rm(folder, { recursive: true, force: true });
			await mkdir(folder);
			await module(folder);
		}
		await runGo(['build', ...BUILD_FLAGS, ...flags, '-o', `${path}.part`, source], folder, env);
		await rename(`${path}.part`, path);
		if (typeof module !== 'string') await rm(folder, { recursive: true });
		say(`built ${path} in ${Math.round((Date.now() - startedMs) / 1000)} s`);
		return path;
	});
}
