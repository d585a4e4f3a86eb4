/** What `make e2e-sessions` plays, in this order; the full form is recorded for docs/operations.md. */

import { mustSucceed } from '../../test/harness/product.ts';
import { clusterContext } from '../bench/account.ts';
import { publish } from '../bench/page.ts';
import { isTrusted, needCluster } from '../installed/harness.ts';
import { OPERATOR_VERSION } from '../real-operator/build.ts';
import { describeAutoscaling } from './autoscaling.ts';
import { describeFaults } from './faults.ts';
import { describeKinds } from './kinds.ts';
import { allOf, describeScenarios, type MatrixOptions } from './matrix.ts';
import { makeNamespace, nextNamespace, type SessionNamespace } from './namespace.ts';
import { applyOperatorCrds, release, standIn } from './operators.ts';
import { describePodMode } from './pod-mode.ts';
import { type Measured, SESSIONS } from './report.ts';
import { PROXIES, SCENARIOS } from './scenarios.ts';

const isShort = Boolean(process.env['SHORT']);
const version = process.env['TOOLHIVE'] || OPERATOR_VERSION;
const AT_LEAST = isShort ? 400 : 2_000;

describe(`sessions and requests, ToolHive ${version}`, function () {
	this.timeout(120_000);
	const cluster = needCluster();
	const measured: Measured[] = [];
	const atStart = clusterContext();
	const shape: Omit<MatrixOptions, 'operator' | 'hasProduct' | 'scenarios'> = {
		atLeast: AT_LEAST,
		mustFailWithout: !isShort,
		onMeasured: (one) => void measured.push(one),
	};
	const short = SCENARIOS.filter((scenario) => scenario.isShort);

	before('CRDs', () => applyOperatorCrds(cluster().plane, version));

	const matrix = isShort
		? allOf(release(version), { ...shape, scenarios: short }).filter(({ hasProduct }) => hasProduct)
		: [
				...allOf(release(version), { ...shape, scenarios: SCENARIOS }),
				...allOf(standIn(version), { ...shape, scenarios: short }),
			];
	describe('while clients call', () => {
		for (const options of matrix) describeScenarios(cluster, options);
		after('record', async () => {
			if (isShort) return;
			const { stdout } = await mustSucceed(cluster().plane.kubectl(['version', '-o', 'json'], { user: 'admin' }));
			const { serverVersion } = JSON.parse(stdout) as { serverVersion: { gitVersion: string } };
			const options = { toolhive: version, kubernetes: serverVersion.gitVersion, proxies: PROXIES, atLeast: AT_LEAST };
			await publish(SESSIONS, { ...atStart, options, results: measured });
		});
	});

	describe('with the product', function () {
		this.timeout(180_000);
		let namespace: SessionNamespace | undefined;
		let stop: (() => Promise<void>) | undefined;
		const now = (): SessionNamespace => namespace as SessionNamespace;
		before('operator, product and Redis', async () => {
			const { plane, installation } = cluster();
			await installation.install();
			await isTrusted(plane);
			namespace = await makeNamespace(plane, nextNamespace());
			stop = await release(version).start(plane, namespace.name);
		});
		after('servers, operator and product', async () => {
			await namespace?.remove();
			await stop?.();
			await cluster().installation.uninstall();
		});
		if (!isShort) {
			describeKinds(now, AT_LEAST);
			describeAutoscaling(now, AT_LEAST);
		}
		describeFaults(now, isShort);
	});
	if (!isShort) describePodMode(cluster, standIn(version), AT_LEAST);
});
