/** Who reconciles the servers: a real release, or the stand-in for operators that know nothing of scaling. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { createOldOperator } from '../../test/harness/old-operator/old-operator.ts';
import { mustSucceed } from '../../test/harness/product.ts';
import { findPrograms } from '../real-operator/build.ts';
import { startOperator } from '../real-operator/operator.ts';
import { runnerImage, vmcpImage } from './images.ts';

export interface Operator {
	readonly name: string;
	/** Starts it for one namespace, which is there; resolves with what ends it. */
	readonly start: (plane: ControlPlane, namespace: string) => Promise<() => Promise<void>>;
}

const STOP_GRACE_MS = 15_000;
const ROUND_MS = 1_000;

export async function applyOperatorCrds(plane: ControlPlane, version: string): Promise<void> {
	const folder = await findPrograms(process.env, () => undefined, version, ['thv-operator']);
	const admin = (...args: string[]) => mustSucceed(plane.kubectl(args, { user: 'admin', timeoutMs: 120_000 }));
	await admin('apply', '--server-side', '--force-conflicts', '-f', `${folder}/crds`);
	await admin('wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s');
}

/** A process beside the cluster. */
export const release = (version: string): Operator => ({
	name: `operator ${version}`,
	start: async (plane, namespace) => {
		const folder = await findPrograms(process.env, () => undefined, version, ['thv-operator']);
		const running = await startOperator(plane, `${folder}/thv-operator`, {
			TOOLHIVE_RUNNER_IMAGE: runnerImage(version),
			VMCP_IMAGE: vmcpImage(version),
			WATCH_NAMESPACE: namespace,
		});
		return async () => void (await running.stop(STOP_GRACE_MS));
	},
});

/** With the runner of the release, which reads what the product hands it. */
export const standIn = (version: string): Operator => ({
	name: `a stand-in for operator v0.12.5, and runner ${version}`,
	start: async (plane, namespace) => {
		await giveRights(plane, namespace);
		const operator = createOldOperator({
			url: plane.url,
			ca: readFileSync(plane.caFile, 'utf8'),
			token: plane.token('operator'),
			namespace,
			images: { runner: runnerImage(version), vmcp: vmcpImage(version) },
		});
		let isStopped = false;
		const rounds = (async () => {
			while (!isStopped) {
				// What was refused is tried again, as the operator's queue does.
				await operator.settle(ROUND_MS).catch(() => undefined);
				await sleep(ROUND_MS);
			}
		})();
		return async () => {
			isStopped = true;
			await rounds;
			await operator.close();
		};
	},
});

/** The stand-in writes no Roles. */
async function giveRights(plane: ControlPlane, namespace: string): Promise<void> {
	const group = `system:serviceaccounts:${namespace}`;
	const args = ['-n', namespace, 'create', 'rolebinding', 'runner', '--clusterrole=admin', `--group=${group}`];
	await mustSucceed(plane.kubectl(args, { user: 'admin' }));
}
