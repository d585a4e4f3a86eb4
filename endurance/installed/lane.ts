/**
 * Shared by `make e2e` and `make e2e-sessions`: prepares a cluster, starts mocha processes, and prints the total count.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../test/harness/product.ts';
import { type ClusterEnvironment, withCluster } from './prepare-cluster.ts';

const MOCHA = join(ROOT, 'node_modules/mocha/bin/mocha.js');

type RunMocha = (files: readonly string[], env: NodeJS.ProcessEnv) => Promise<void>;

/** Runs the files, sets the exit code, and prints the count as the last line. */
export async function runLane(
	command: string,
	hasUpgrade: boolean,
	work: (env: ClusterEnvironment, runMocha: RunMocha) => Promise<void>,
): Promise<void> {
	const sum = { passed: 0, failed: 0, skipped: 0 };
	const runMocha: RunMocha = async (files, env) => {
		// If one of several files does not exist, Mocha only prints a warning.
		for (const file of files) if (!existsSync(join(ROOT, file))) throw new Error(`${file} does not exist`);
		const { output, code } = await mocha(files, env);
		const [, passed = 0, failed, skipped = 0] = COUNT.exec(output.trimEnd()) ?? [];
		// A run that ended early, or failed outside a test, counts as one failure.
		const isBroken = failed === undefined || (code !== 0 && failed === '0');
		sum.passed += Number(passed);
		sum.failed += Number(failed ?? 0) + Number(isBroken);
		sum.skipped += Number(skipped);
	};
	const isDone = await withCluster(command, process.env, hasUpgrade, (env) => work(env, runMocha));
	if (!isDone) return;
	const skipped = sum.skipped > 0 ? `, ${sum.skipped} skipped` : '';
	process.stdout.write(`\n${command}:\n${sum.passed} passed, ${sum.failed} failed${skipped}\n`);
	if (sum.failed > 0) process.exitCode = 1;
}

/** Matches the last line of the output, which test/harness/reporter.ts prints. */
const COUNT = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

function mocha(files: readonly string[], env: NodeJS.ProcessEnv): Promise<{ output: string; code: number | null }> {
	const args = ['--no-config', '--timeout', '60000', '--reporter', './test/harness/reporter.ts', ...files];
	const child = spawn(process.execPath, [MOCHA, ...args], {
		cwd: ROOT,
		env: { ...env, E2E_INSTALLED: '1' },
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	let output = '';
	child.stdout.on('data', (chunk: Buffer) => {
		output += chunk;
		process.stdout.write(chunk);
	});
	return new Promise((resolve) => child.once('close', (code) => resolve({ output, code })));
}
