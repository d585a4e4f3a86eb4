/**
 * `make e2e`: tests the product as an image in the pods of a cluster. docs/operations.md explains CLUSTER, KUBECONFIG,
 * IMAGE and the other variables. The last line of the output is the total count of all runs.
 */
import { runLane } from './lane.ts';

const HERE = 'endurance/installed';
/** Each file starts with the state in which the previous file left the cluster. */
const FILES = [
	`${HERE}/install.e2e.ts`,
	`${HERE}/disturbed.e2e.ts`,
	...['servers', 'reconciler', 'old-operator'].map((name) => `test/e2e/${name}.test.ts`),
	`${HERE}/uninstall.e2e.ts`,
];

await runLane('make e2e', true, async (env, runMocha) => {
	await runMocha(FILES, env);
	if (env.E2E_PREVIOUS_IMAGE !== undefined) await runMocha([`${HERE}/upgrade.e2e.ts`, `${HERE}/uninstall.e2e.ts`], env);
	else process.stdout.write('make e2e: the upgrade is skipped: no PREVIOUS= version\n');
});
