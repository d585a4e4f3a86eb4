/**
 * `make e2e-sessions`: real MCP clients use real proxies of a ToolHive release while the proxies are replaced, both
 * without and with the product. docs/operations.md explains BUILD_IMAGE, TOOLHIVE, SHORT and the other variables.
 */
import { runLane } from '../installed/lane.ts';
import { ClusterMissing } from '../installed/prepare-cluster.ts';
import { OPERATOR_VERSION } from '../real-operator/build.ts';
import { buildImages } from './images.ts';

await runLane({ command: 'make e2e-sessions', total: 'sessions and requests' }, async (env, runMocha) => {
	const { BUILD_IMAGE } = env;
	if (!BUILD_IMAGE) {
		const use = 'a command that gets a tag and a folder, and loads the image into the nodes';
		throw new ClusterMissing(`CLUSTER=existing needs BUILD_IMAGE=, ${use}`);
	}
	const TOOLHIVE = env['TOOLHIVE'] || OPERATOR_VERSION;
	await buildImages(BUILD_IMAGE, TOOLHIVE, env);
	await runMocha(['endurance/sessions/sessions.e2e.ts'], { ...env, TOOLHIVE, E2E_INSTALLED: 'kustomize' });
});
