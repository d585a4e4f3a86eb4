/** The operator as a process beside a cluster. */
import { request } from 'node:http';
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

/** As its chart runs it, apart from the election: there is one of it. */
export async function startOperator(
	plane: ControlPlane,
	program: string,
	more: Readonly<Record<string, string>> = {},
): Promise<RunningProgram> {
	const [probePort = 0] = await freePorts(1);
	const environment = {
		// Not the flag: what it asks about the platform knows only the variable.
		KUBECONFIG: plane.kubeconfig('operator'),
		// It would call home.
		TOOLHIVE_SKIP_UPDATE_CHECK: 'true',
		POD_NAMESPACE: 'toolhive-system',
		UNSTRUCTURED_LOGS: 'false',
		TOOLHIVE_USE_CONFIGMAP: 'true',
		TOOLHIVE_ENABLE_STORAGE_VERSION_MIGRATOR: 'true',
		TOOLHIVE_RUNNER_IMAGE: `ghcr.io/stacklok/toolhive/proxyrunner:${OPERATOR_VERSION}`,
		VMCP_IMAGE: `ghcr.io/stacklok/toolhive/vmcp:${OPERATOR_VERSION}`,
		TOOLHIVE_PROXY_HOST: '0.0.0.0',
		...more,
	};
	const args = [
		...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
		program,
		'-metrics-bind-address=0',
		`-health-probe-bind-address=127.0.0.1:${probePort}`,
	];
	// env(1) becomes the program, so the pid is the operator's.
	const running = startProgram('thv-operator', 'env', args, join(plane.dataFolder, 'thv-operator.log'));
	await waitUntilReady(running, () => isReady(probePort), READY_TIMEOUT_MS);
	return running;
}

const isReady = (port: number): Promise<boolean> =>
	new Promise((resolve) => {
		request({ host: '127.0.0.1', port, path: '/readyz', timeout: 2_000 }, (response) => {
			response.resume();
			resolve(response.statusCode === 200);
		})
			.on('error', () => resolve(false))
			.end();
	});
