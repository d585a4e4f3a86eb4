/**
 * `make e2e`: tests the product as an image in the pods of a cluster. docs/operations.md explains CLUSTER, KUBECONFIG,
 * IMAGE and the other variables. The last line of the output is the total count of all runs.
 */
import { runLane } from './lane.ts';

const HERE = 'endurance/installed';
const SCENARIOS = ['servers', 'reconciler', 'converges', 'old-operator'];
const scenario = (name: string): string => `test/e2e/${name}.test.ts`;

/**
 * The runs, in order. Each run has its own mocha process. Each file starts with the state in which the previous file
 * left the cluster.
 */
const RUNS = [
	{
		E2E_INSTALLED: 'kustomize',
		files: [
			`${HERE}/install.e2e.ts`,
			`${HERE}/disturbed.e2e.ts`,
			...SCENARIOS.map(scenario),
			`${HERE}/operator.e2e.ts`,
			`${HERE}/afterwards.e2e.ts`,
			`${HERE}/uninstall.e2e.ts`,
		],
	},
	{
		E2E_INSTALLED: 'helm',
		files: [`${HERE}/install.e2e.ts`, scenario('servers'), `${HERE}/uninstall.e2e.ts`],
	},
	{ E2E_INSTALLED: 'kustomize', files: [`${HERE}/upgrade.e2e.ts`, `${HERE}/uninstall.e2e.ts`] },
];

await runLane({ command: 'make e2e', total: 'e2e of all installs', hasUpgrade: true }, async (env, runMocha) => {
	if (env['E2E_PREVIOUS_IMAGE'] === undefined) {
		process.stdout.write('make e2e: the upgrade is skipped: no PREVIOUS= version\n');
	}
	for (const { files, E2E_INSTALLED } of RUNS) await runMocha(files, { ...env, E2E_INSTALLED });
});
