/** Runs a release of the operator as a process beside a control plane. */
import { join } from 'node:path';
import {
	freePorts,
	type RunningProgram,
	startProgram,
	waitUntilReady,
} from '../../test/harness/control-plane/processes.ts';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { OPERATOR_VERSION } from './build.ts';

const READY_TIMEOUT_MS = 60_000;

/**
 * Starts the operator with the settings from its chart, except for leader election. `more` contains additional
 * environment variables.
 */
export async function startOperator(
	plane: ControlPlane,
	program: string,
	more: Readonly<Record<string, string>> = {},
	version = OPERATOR_VERSION,
): Promise<RunningProgram> {
	const [probePort = 0] = await freePorts(1);
	const environment = {
		// Uses the variable instead of the flag, because the platform detection reads only the variable.
		KUBECONFIG: plane.kubeconfig('operator'),
		// Without this variable, the operator sends requests to the internet.
		TOOLHIVE_SKIP_UPDATE_CHECK: 'true',
		POD_NAMESPACE: 'toolhive-system',
		UNSTRUCTURED_LOGS: 'false',
		TOOLHIVE_USE_CONFIGMAP: 'true',
		TOOLHIVE_ENABLE_STORAGE_VERSION_MIGRATOR: 'true',
		TOOLHIVE_RUNNER_IMAGE: `ghcr.io/stacklok/toolhive/proxyrunner:${version}`,
		VMCP_IMAGE: `ghcr.io/stacklok/toolhive/vmcp:${version}`,
		TOOLHIVE_PROXY_HOST: '0.0.0.0',
		...more,
	};
	const args = [
		...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
		program,
		'-metrics-bind-address=0',
		`-health-probe-bind-address=127.0.0.1:${probePort}`,
	];
	// env(1) replaces itself with the program, so the pid is the operator's.
	const running = startProgram('thv-operator', 'env', args, join(plane.dataFolder, 'thv-operator.log'));
	await waitUntilReady(running, () => isReady(probePort), READY_TIMEOUT_MS);
	return running;
}

async function isReady(port: number): Promise<boolean> {
	const answer = fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) });
	return (await answer.catch(() => undefined))?.status === 200;
}
