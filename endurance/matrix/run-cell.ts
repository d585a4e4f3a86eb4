/** Runs the scenario for one cell in its own process, with Mocha. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../test/harness/product.ts';
import { replacedModules } from '../real-operator/build.ts';
import type { Cell } from './report.ts';
import { KUBERNETES, type Versions } from './versions.ts';

/** The parts of Mocha's JSON report that this module reads. */
interface Report {
	readonly passes: readonly { readonly title: string }[];
	/** Skipped tests, for example because Helm cannot be built. */
	readonly pending: readonly { readonly title: string }[];
	readonly failures: readonly { readonly title: string; readonly err: { readonly message?: string } }[];
}

const MESSAGE_LENGTH = 400;
const OPTIONS = ['--no-config', '--exit', '--forbid-only', '--reporter', 'json', '--reporter-option'];

export async function runCell(versions: Versions, date: string): Promise<Cell> {
	const startedMs = performance.now();
	const folder = await mkdtemp(join(tmpdir(), 'toolhive-scaling-matrix-'));
	try {
		const file = join(folder, 'report.json');
		const output = await runMocha([...OPTIONS, `output=${file}`, 'endurance/matrix/cell.e2e.ts'], versions);
		const { passes, failures, pending } = await readFile(file, 'utf8').then(
			(text) => JSON.parse(text) as Report,
			(): Report => ({ passes: [], failures: [], pending: [] }),
		);
		const failed = [
			...failures.map(({ title, err }) => ({ check: title, message: (err.message ?? '').slice(0, MESSAGE_LENGTH) })),
			...pending.map(({ title }) => ({ check: title, message: 'skipped' })),
		];
		if (passes.length + failed.length === 0)
			failed.push({ check: 'mocha', message: output.trim().split('\n').at(-1) ?? '' });
		return {
			...versions,
			kubernetesVersion: KUBERNETES[versions.kubernetes] ?? '',
			...{ date, seconds: Math.round((performance.now() - startedMs) / 1_000) },
			...{ passed: passes.map(({ title }) => title), failed },
			replaced: await replacedModules(process.env, versions.operator),
		};
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

/** Resolves with the output, even if tests fail. */
function runMocha(args: readonly string[], { operator, kubernetes }: Versions): Promise<string> {
	const env = { ...process.env, OPERATOR: operator, KUBERNETES: kubernetes };
	const options = { cwd: ROOT, env, maxBuffer: 64 * 2 ** 20 };
	return new Promise((resolve) => {
		execFile('mocha', args, options, (error, stdout, stderr) => resolve(`${stdout}${stderr}` || String(error)));
	});
}
