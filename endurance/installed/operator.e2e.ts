/** Runs the real ToolHive operator as a process beside the installed product. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { PASSWORD_ENV } from '../../src/api/names.ts';
import type { RunningProgram } from '../../test/harness/control-plane/processes.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { metricOf } from '../../test/harness/metrics.ts';
import { apply, mustSucceed } from '../../test/harness/product.ts';
import { useProduct } from '../../test/harness/use-product.ts';
import { findOperator, OPERATOR_VERSION } from '../real-operator/build.ts';
import { startOperator } from '../real-operator/operator.ts';
import { EXAMPLES, exampleObjects, REDIS } from '../real-operator/servers.ts';
import { printProgress } from './prepare-cluster.ts';

const NAMESPACE = 'real-operator';
const START_TIMEOUT_MS = 20 * 60_000;
const STOP_GRACE_MS = 15_000;
const IDLE_MS = 15_000;

describe(`the installed product with ToolHive ${OPERATOR_VERSION}`, function () {
	this.timeout(180_000);
	const { namespace, plane, product } = useProduct(NAMESPACE);
	let operator: RunningProgram | undefined;

	before('operator and servers', async function () {
		this.timeout(START_TIMEOUT_MS);
		const assets = await findOperator(process.env, printProgress);
		await mustSucceed(plane().kubectl(['apply', '--server-side', '--force-conflicts', '-f', assets.crdFolder]));
		await mustSucceed(plane().kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']));
		operator = await startOperator(plane(), assets.program);
		await apply(plane(), exampleObjects(NAMESPACE, OPERATOR_VERSION));
	});
	// Deletes the servers first, because the operator must remove its finalizers.
	after('servers and operator', async () => {
		await namespace.kubectl(['delete', 'mcpservers,virtualmcpservers,mcpremoteproxies,mcpgroups', '--all']);
		await operator?.stop(STOP_GRACE_MS);
	});

	for (const { kind, name, replicas, spec } of EXAMPLES) {
		const hasPassword = 'sessionStorage' in spec && spec.sessionStorage === REDIS;
		it(`${kind} ${name} › ${replicas} replicas${hasPassword ? ', with the password' : ''}`, async () => {
			await eventually(async () => {
				const { spec: stored } = await namespace.get('deployment', name);
				expect(stored.replicas).to.equal(replicas);
				expect(stored.template.spec.terminationGracePeriodSeconds).to.be.at.least(30);
				const { env = [] } = stored.template.spec.containers[0] as { env?: { name: string; valueFrom?: object }[] };
				const variable = env.find((one) => one.name === PASSWORD_ENV && one.valueFrom !== undefined);
				expect(variable !== undefined).to.equal(hasPassword);
			}, 60_000);
		});
	}
	it(`every object is up to date › no write for ${IDLE_MS / 1000} s`, async () => {
		const writes = (): Promise<number> => metricOf(product(), 'thv_scaling_reconciler_writes_total');
		await eventually(async () => {
			const before = await writes();
			await sleep(IDLE_MS);
			expect(await writes()).to.equal(before);
		}, 90_000);
	});
});
