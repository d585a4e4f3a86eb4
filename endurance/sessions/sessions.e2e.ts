/** Runs all scenarios of `make e2e-sessions`. The results of the full form are recorded for docs/operations.md. */
import { join } from 'node:path';
import { ROOT } from '../../test/harness/product.ts';
import { clusterContext } from '../bench/account.ts';
import { publish } from '../bench/page.ts';
import { useCluster } from '../installed/harness.ts';
import { OPERATOR_VERSION } from '../real-operator/build.ts';
import { describeAutoscaling } from './autoscaling.ts';
import { describeFaults } from './faults.ts';
import { describeKinds, describePodMode } from './kinds.ts';
import { applyOperatorCrds, release, standIn } from './operators.ts';
import { type Measured, SESSIONS } from './report.ts';
import { describeScenarios, PROXIES, SCENARIOS } from './scenarios.ts';
import { useSessions } from './use-sessions.ts';

const isShort = Boolean(process.env['SHORT']);
const version = process.env['TOOLHIVE'] || OPERATOR_VERSION;
const atLeast = isShort ? 400 : 2_000;
const MANIFESTS = join(ROOT, 'manifests');

describe(`sessions and requests, ToolHive ${version}`, function () {
	this.timeout(400_000);
	const cluster = useCluster();
	const results: Measured[] = [];
	const atStart = clusterContext();
	const shortForm = SCENARIOS.filter((scenario) => scenario.isShort);

	before('CRDs', () => applyOperatorCrds(cluster().plane, version));

	describe('while clients call', () => {
		for (const [operator, scenarios] of [
			[release(version), isShort ? shortForm : SCENARIOS],
			[standIn(version), isShort ? [] : shortForm],
		] as const) {
			for (const hasProduct of isShort ? [true] : [false, true]) {
				const manifests = hasProduct ? MANIFESTS : undefined;
				if (scenarios.length === 0) continue;
				describe(`beside ${operator.name} › ${hasProduct ? 'with' : 'without'} the product`, () => {
					const namespace = useSessions(cluster, operator, manifests);
					describeScenarios(namespace, scenarios, { hasProduct, atLeast }, (scenario, counted) =>
						results.push({ scenario, operator: operator.name, hasProduct, ...counted }),
					);
				});
			}
		}
		after('record', async () => {
			if (isShort) return;
			const { serverVersion } = JSON.parse(await cluster().kubectl('version', '-o', 'json')) as {
				serverVersion: { gitVersion: string };
			};
			const options = { toolhive: version, kubernetes: serverVersion.gitVersion, proxies: PROXIES, atLeast };
			await publish(SESSIONS, { ...atStart, options, results });
		});
	});

	describe('with the product', () => {
		const namespace = useSessions(cluster, release(version), MANIFESTS);
		if (!isShort) {
			describeKinds(namespace, atLeast);
			describeAutoscaling(namespace, atLeast);
		}
		describeFaults(namespace, isShort);
	});
	if (isShort) return;
	describe(`pod mode beside ${standIn(version).name}`, () => {
		describePodMode(useSessions(cluster, standIn(version), join(MANIFESTS, 'overlays/pod-mode')), atLeast);
	});
});
