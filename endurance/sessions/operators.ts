/** Starts the operators for the scenarios: a real release, or the replacement for operators without scaling fields. */
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { startOldOperator } from '../../test/harness/old-operator/start.ts';
import { adminKubectl } from '../installed/pods.ts';
import { printProgress } from '../installed/prepare-cluster.ts';
import { findOperator } from '../real-operator/build.ts';
import { startOperator } from '../real-operator/operator.ts';
import { runnerImage, vmcpImage } from './images.ts';

export interface Operator {
	readonly name: string;
	/** Starts the operator for one namespace, and resolves with a function that stops it. */
	readonly start: (plane: ControlPlane, namespace: string) => Promise<() => Promise<void>>;
}

const STOP_GRACE_MS = 15_000;

export async function applyOperatorCrds(plane: ControlPlane, version: string): Promise<void> {
	const kubectl = adminKubectl(plane);
	const { crdFolder } = await findOperator(process.env, printProgress, version);
	await kubectl('apply', '--server-side', '--force-conflicts', '-f', crdFolder);
	await kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s');
}

/** Runs a release of the operator outside the cluster. */
export const release = (version: string): Operator => ({
	name: `operator ${version}`,
	start: async (plane, namespace) => {
		const { program } = await findOperator(process.env, printProgress, version);
		const running = await startOperator(plane, program, {
			TOOLHIVE_RUNNER_IMAGE: runnerImage(version),
			VMCP_IMAGE: vmcpImage(version),
			WATCH_NAMESPACE: namespace,
		});
		return () => running.stop(STOP_GRACE_MS);
	},
});

/** Uses the runner of the release, which reads the fields that the product adds. */
export const standIn = (version: string): Operator => ({
	name: `a stand-in for operator v0.12.5, and runner ${version}`,
	start: async (plane, namespace) => {
		// The stand-in does not create Roles for the runners.
		const group = `--group=system:serviceaccounts:${namespace}`;
		await adminKubectl(plane)('-n', namespace, 'create', 'rolebinding', 'runner', '--clusterrole=admin', group);
		const images = { runner: runnerImage(version), vmcp: vmcpImage(version) };
		return startOldOperator(plane, namespace, { images });
	},
});
