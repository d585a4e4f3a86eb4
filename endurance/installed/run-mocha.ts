/** Mocha as a process of its own, and what it counted. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findAssets } from '../../test/harness/control-plane/assets.ts';
import { ROOT } from '../../test/harness/product.ts';

const MOCHA = join(ROOT, 'node_modules/mocha/bin/mocha.js');

export interface Count {
	readonly passed: number;
	readonly failed: number;
	readonly skipped: number;
}

/** Shows what mocha prints. A run that broke before or outside of any test has failed once. */
export async function runMocha(files: readonly string[], env: NodeJS.ProcessEnv): Promise<Count> {
	// Mocha would only warn of one among others.
	for (const file of files) if (!existsSync(join(ROOT, file))) throw new Error(`no ${file}`);
	const { output, code } = await mocha(files, env);
	const last = output.trimEnd().split('\n').at(-1) ?? '';
	const counted = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(last);
	const isBroken = counted === null || (code !== 0 && counted[2] === '0');
	return {
		passed: Number(counted?.[1] ?? 0),
		failed: Number(counted?.[2] ?? 0) + (isBroken ? 1 : 0),
		skipped: Number(counted?.[3] ?? 0),
	};
}

/** The last line of a lane. */
export const countText = ({ passed, failed, skipped }: Count): string =>
	`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;

/** The user's own kubectl, else that of the tests' control plane. */
export async function kubectlOf(env: NodeJS.ProcessEnv): Promise<string> {
	if (env['KUBECTL'] !== undefined) return env['KUBECTL'];
	const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => existsSync(join(folder, 'kubectl')));
	if (folders[0] !== undefined) return join(folders[0], 'kubectl');
	const say = (line: string): void => void process.stderr.write(`${line}\n`);
	return join((await findAssets({ env, controllerManager: false, say })).folder, 'kubectl');
}

function mocha(files: readonly string[], env: NodeJS.ProcessEnv): Promise<{ output: string; code: number | null }> {
	const args = ['--no-config', '--timeout', '60000', '--reporter', './test/harness/reporter.ts', ...files];
	const child = spawn(process.execPath, [MOCHA, ...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
	let output = '';
	child.stdout.on('data', (chunk: Buffer) => {
		output += chunk;
		process.stdout.write(chunk);
	});
	return new Promise((resolve) => child.once('close', (code) => resolve({ output, code })));
}
