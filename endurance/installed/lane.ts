/**
 * Shared by `make e2e` and `make e2e-sessions`: prepares a cluster, starts mocha processes, and prints the total count.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../test/harness/product.ts';
import { type ClusterEnvironment, withCluster } from './prepare-cluster.ts';

const MOCHA = join(ROOT, 'node_modules/mocha/bin/mocha.js');

interface Lane {
	readonly command: string;
	/** The title of the total count. */
	readonly total: string;
	readonly hasUpgrade?: boolean;
}

type RunMocha = (files: readonly string[], env: NodeJS.ProcessEnv) => Promise<void>;

/** Runs the files, sets the exit code, and prints the count as the last line. */
export async function runLane(
	{ command, total, hasUpgrade = false }: Lane,
	work: (env: ClusterEnvironment, runMocha: RunMocha) => Promise<void>,
): Promise<void> {
	const sum = { passed: 0, failed: 0, skipped: 0 };
	const isDone = await withCluster(command, process.env, hasUpgrade, async (env) => {
		await work(env, async (files, environment) => {
			// If one of several files does not exist, Mocha only prints a warning.
			for (const file of files) if (!existsSync(join(ROOT, file))) throw new Error(`${file} does not exist`);
			const [passed, failed, skipped] = countsOf(await mocha(files, environment));
			sum.passed += passed;
			sum.failed += failed;
			sum.skipped += skipped;
		});
		return true;
	});
	if (!isDone) return;
	const skipped = sum.skipped > 0 ? `, ${sum.skipped} skipped` : '';
	process.stdout.write(`\n${total}:\n${sum.passed} passed, ${sum.failed} failed${skipped}\n`);
	if (sum.failed > 0) process.exitCode = 1;
}

/** Counts a run as one failure if it ended early or failed outside a test. */
function countsOf({
	output,
	code,
}: Awaited<ReturnType<typeof mocha>>): [passed: number, failed: number, skipped: number] {
	const last = output.trimEnd().split('\n').at(-1) ?? '';
	const [, passed, failed, skipped] = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(last) ?? [];
	const isBroken = failed === undefined || (code !== 0 && failed === '0');
	return [Number(passed ?? 0), Number(failed ?? 0) + Number(isBroken), Number(skipped ?? 0)];
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
