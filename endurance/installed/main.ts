/**
 * `make e2e`: the product as an image in pods of a cluster. CLUSTER=existing takes the one of KUBECONFIG, whose nodes have IMAGE;
 * CLUSTER=kind makes one. PREVIOUS is the version to upgrade from (a tag or commit, else the last release), with CLUSTER=existing
 * together with PREVIOUS_IMAGE. AUDIT_LOG is the API server's, where it writes one that has our calls. Ends with the count of all its runs.
 */
import { rm } from 'node:fs/promises';
import { ClusterMissing, needUnused, removeCrds, useExisting } from './existing.ts';
import { makeKind } from './kind.ts';
import { previousVersion } from './previous.ts';
import { countText, kubectlOf, runMocha } from './run-mocha.ts';

const HERE = 'endurance/installed';
const STORIES = ['servers', 'reconciler', 'converges', 'old-operator'];
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
		files: [`${HERE}/install.e2e.ts`, 'test/e2e/servers.test.ts', `${HERE}/uninstall.e2e.ts`],
	},
	{ way: 'kustomize', files: [`${HERE}/upgrade.e2e.ts`, `${HERE}/uninstall.e2e.ts`] },
];

async function main(): Promise<void> {
	const { env } = process;
	const kind = env['CLUSTER'] ?? 'kind';
	if (kind !== 'kind' && kind !== 'existing') throw new ClusterMissing(`CLUSTER=${kind}: it is kind or existing`);
	const previous = previousVersion(env);
	const cluster = kind === 'kind' ? await makeKind(env, previous) : useExisting(env, previous);
	if (cluster.env.E2E_PREVIOUS_IMAGE === undefined)
		process.stdout.write('make e2e: the upgrade is skipped: no PREVIOUS= version\n');
	const KUBECTL = await kubectlOf(env);
	if (kind === 'existing') await needUnused(KUBECTL, cluster.env);
	const total = { passed: 0, failed: 0, skipped: 0 };
	try {
		for (const { way, files } of RUNS) {
			const { passed, failed, skipped } = await runMocha(files, {
				...env,
				...cluster.env,
				KUBECTL,
				E2E_INSTALLED: way,
			});
			total.passed += passed;
			total.failed += failed;
			total.skipped += skipped;
		}
	} finally {
		await cluster.remove();
		if (kind === 'existing') await removeCrds(KUBECTL, cluster.env);
		if (previous !== undefined) await rm(previous.folder, { recursive: true, force: true });
	}
	process.stdout.write(`\ne2e of all installs:\n${countText(total)}\n`);
	if (total.failed > 0) process.exitCode = 1;
}

try {
	await main();
} catch (error) {
	if (!(error instanceof ClusterMissing)) throw error;
	process.stderr.write(`make e2e: ${error.message}\n`);
	process.exitCode = 2;
}
