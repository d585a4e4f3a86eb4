/**
 * `make e2e`: the product as an image in pods of a cluster. CLUSTER=existing takes the one of KUBECONFIG, whose nodes have IMAGE;
 * CLUSTER=kind makes one. PREVIOUS is the version to upgrade from (a tag or commit, else the last release), with CLUSTER=existing
 * together with PREVIOUS_IMAGE. AUDIT_LOG is the API server's, where it writes one that has our calls. Ends with the count of all its runs.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { findAssets } from '../control-plane/assets.ts';
import { ROOT } from '../e2e/product.ts';
import { ClusterMissing, needUnused, removeCrds, useExisting } from './existing.ts';
import { makeKind } from './kind.ts';
import { previousVersion } from './previous.ts';

const MOCHA = join(ROOT, 'node_modules/mocha/bin/mocha.js');
const HERE = 'test/installed';
const STORIES = ['servers', 'deployments', 'config-maps', 'reconciler', 'converges', 'old-operator', 'parallel'];
/** One mocha each, in this order; in a run each file begins with what the one before left. */
const RUNS: readonly { readonly way: string; readonly files: readonly string[] }[] = [
	{
		way: 'kustomize',
		files: [
			`${HERE}/install.e2e.ts`,
			`${HERE}/disturbed.e2e.ts`,
			...STORIES.map((story) => `test/e2e/${story}.test.ts`),
			`${HERE}/operator.e2e.ts`,
			`${HERE}/afterwards.e2e.ts`,
			`${HERE}/uninstall.e2e.ts`,
		],
	},
	{
		way: 'helm',
		files: [
			`${HERE}/install.e2e.ts`,
			...['servers', 'deployments'].map((story) => `test/e2e/${story}.test.ts`),
			`${HERE}/uninstall.e2e.ts`,
		],
	},
	{ way: 'kustomize', files: [`${HERE}/upgrade.e2e.ts`, `${HERE}/uninstall.e2e.ts`] },
];

async function main(): Promise<void> {
	const { env } = process;
	// Mocha would only warn of one among others.
	for (const file of RUNS.flatMap(({ files }) => files))
		if (!existsSync(join(ROOT, file))) throw new Error(`no ${file}`);
	const kind = env['CLUSTER'] ?? 'kind';
	if (kind !== 'kind' && kind !== 'existing') throw new ClusterMissing(`CLUSTER=${kind}: it is kind or existing`);
	const previous = previousVersion(env);
	const cluster = kind === 'kind' ? await makeKind(env, previous) : useExisting(env, previous);
	if (cluster.env.E2E_PREVIOUS_IMAGE === undefined)
		process.stdout.write('make e2e: the upgrade is skipped: no PREVIOUS= version\n');
	const KUBECTL = env['KUBECTL'] ?? (await kubectlOf(env));
	if (kind === 'existing') await needUnused(KUBECTL, cluster.env);
	const total = { passed: 0, failed: 0, skipped: 0 };
	try {
		for (const { way, files } of RUNS) {
			const { output, code } = await mocha(files, { ...env, ...cluster.env, KUBECTL, E2E_INSTALLED: way });
			const last = output.trimEnd().split('\n').at(-1) ?? '';
			const counted = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(last);
			// It did not come to an end, or broke outside of any test.
			if (counted === null || (code !== 0 && counted[2] === '0')) total.failed += 1;
			total.passed += Number(counted?.[1] ?? 0);
			total.failed += Number(counted?.[2] ?? 0);
			total.skipped += Number(counted?.[3] ?? 0);
		}
	} finally {
		await cluster.remove();
		if (kind === 'existing') await removeCrds(KUBECTL, cluster.env);
		if (previous !== undefined) await rm(previous.folder, { recursive: true, force: true });
	}
	const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
	process.stdout.write(`\ne2e of all installs:\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
	if (total.failed > 0) process.exitCode = 1;
}

/** The user's own, else that of the tests' control plane. */
async function kubectlOf(env: NodeJS.ProcessEnv): Promise<string> {
	const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => existsSync(join(folder, 'kubectl')));
	if (folders[0] !== undefined) return join(folders[0], 'kubectl');
	const say = (line: string): void => void process.stderr.write(`${line}\n`);
	return join((await findAssets({ env, controllerManager: false, say })).folder, 'kubectl');
}

function mocha(files: readonly string[], env: NodeJS.ProcessEnv): Promise<{ output: string; code: number | null }> {
	const args = ['--no-config', '--timeout', '60000', '--reporter', './test/reporter.ts', ...files];
	const child = spawn(process.execPath, [MOCHA, ...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
	let output = '';
	child.stdout.on('data', (chunk: Buffer) => {
		output += chunk;
		process.stdout.write(chunk);
	});
	return new Promise((resolve) => child.once('close', (code) => resolve({ output, code })));
}

try {
	await main();
} catch (error) {
	if (!(error instanceof ClusterMissing)) throw error;
	process.stderr.write(`make e2e: ${error.message}\n`);
	process.exitCode = 2;
}
