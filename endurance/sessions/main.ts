/**
 * `make e2e-sessions`: real MCP clients use real proxies of a ToolHive release while those are replaced, without the product and
 * with it. CLUSTER, KUBECONFIG and IMAGE as for `make e2e`; BUILD_IMAGE is a command that, given a tag and a folder, builds an
 * image and brings it to the nodes of CLUSTER=existing. TOOLHIVE chooses the release. SHORT=1 plays a part and records nothing.
 */
import { ClusterMissing, needUnused, removeCrds, useExisting } from '../installed/existing.ts';
import { KIND_BUILD_IMAGE, makeKind } from '../installed/kind.ts';
import { countText, kubectlOf, runMocha } from '../installed/run-mocha.ts';
import { OPERATOR_VERSION } from '../real-operator/build.ts';
import { buildImages } from './images.ts';

async function main(): Promise<void> {
	const { env } = process;
	const kind = env['CLUSTER'] ?? 'kind';
	if (kind !== 'kind' && kind !== 'existing') throw new ClusterMissing(`CLUSTER=${kind}: it is kind or existing`);
	const command = kind === 'kind' ? KIND_BUILD_IMAGE : env['BUILD_IMAGE'];
	if (!command) {
		throw new ClusterMissing(
			'CLUSTER=existing needs BUILD_IMAGE=, a command that is given a tag and a folder, and brings the image to the nodes',
		);
	}
	const cluster = kind === 'kind' ? await makeKind(env, undefined) : useExisting(env, undefined);
	const KUBECTL = await kubectlOf(env);
	if (kind === 'existing') await needUnused(KUBECTL, cluster.env);
	const TOOLHIVE = env['TOOLHIVE'] || OPERATOR_VERSION;
	try {
		await buildImages(command, TOOLHIVE, env);
		const count = await runMocha(['endurance/sessions/sessions.e2e.ts'], {
			...env,
			...cluster.env,
			KUBECTL,
			TOOLHIVE,
			E2E_INSTALLED: 'kustomize',
		});
		await cluster.remove();
		process.stdout.write(`\nsessions and requests:\n${countText(count)}\n`);
		if (count.failed > 0) process.exitCode = 1;
	} catch (error) {
		await cluster.remove();
		throw error;
	} finally {
		if (kind === 'existing') await removeCrds(KUBECTL, cluster.env);
	}
}

try {
	await main();
} catch (error) {
	if (!(error instanceof ClusterMissing)) throw error;
	process.stderr.write(`make e2e-sessions: ${error.message}\n`);
	process.exitCode = 2;
}
