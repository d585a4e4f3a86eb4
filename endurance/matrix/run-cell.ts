/** Runs the scenario for one cell in its own process, with Mocha. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../test/harness/product.ts';
import type { Cell } from './report.ts';
import type { Versions } from './versions.ts';

/** The parts of Mocha's JSON report that this module reads. */
interface Report {
	readonly passes: readonly { readonly title: string }[];
	/** Skipped tests, for example because Helm cannot be built. */
	readonly pending: readonly { readonly title: string }[];
	readonly failures: readonly { readonly title: string; readonly err: { readonly message?: string } }[];
}

const MESSAGE_LENGTH = 400;

export async function runCell(versions: Versions): Promise<Pick<Cell, 'passed' | 'failed' | 'seconds'>> {
	const startedMs = performance.now();
	const folder = await mkdtemp(join(tmpdir(), 'toolhive-scaling-matrix-'));
	const reportFile = join(folder, 'report.json');
	const logFile = join(folder, 'output.log');
	try {
		const code = await runMocha(versions, reportFile, logFile);
		const text = await readFile(reportFile, 'utf8').catch(() => undefined);
		const seconds = Math.round((performance.now() - startedMs) / 1_000);
		if (text === undefined || (JSON.parse(text) as Report).passes.length === 0) {
			const lastLine = (await readFile(logFile, 'utf8')).trim().split('\n').at(-1) ?? '';
			return { passed: [], failed: [{ check: 'mocha', message: `ended with ${code}: ${lastLine}` }], seconds };
		}
		const { passes, failures, pending } = JSON.parse(text) as Report;
		const failed = [
			...failures.map(({ title, err: { message = '' } }) => ({
				check: title,
				message: message.slice(0, MESSAGE_LENGTH),
			})),
			...pending.map(({ title }) => ({ check: title, message: 'skipped' })),
		];
		return { passed: passes.map(({ title }) => title), failed, seconds };
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

function runMocha({ operator, kubernetes }: Versions, reportFile: string, logFile: string): Promise<number | null> {
	const args = [
		'--no-config',
		'--exit',
		'--forbid-only',
		'--reporter',
		'json',
		'--reporter-option',
		`output=${reportFile}`,
	];
	const log = openSync(logFile, 'a');
	const child = spawn('mocha', [...args, 'endurance/matrix/cell.e2e.ts'], {
		cwd: ROOT,
		env: { ...process.env, OPERATOR: operator, KUBERNETES: kubernetes },
		stdio: ['ignore', log, log],
	});
	closeSync(log);
	return new Promise((resolve, reject) => {
		child.once('error', (cause) => reject(new Error('mocha could not be started; run `make matrix`', { cause })));
		child.once('close', resolve);
	});
}
