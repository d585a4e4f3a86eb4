/** Reads and controls the pods of the installed product. */
import type { KubectlResult } from '../../test/harness/control-plane/kubectl.ts';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { mustSucceed } from '../../test/harness/product.ts';

export const NS = 'toolhive-scaling';
export const WEBHOOKS = 'mutatingwebhookconfigurations,validatingwebhookconfigurations';

/** Resolves with stdout, and rejects if kubectl fails. */
export type Kubectl = (...args: readonly string[]) => Promise<string>;

export const adminKubectl =
	(plane: ControlPlane): Kubectl =>
	async (...args) =>
		(await mustSucceed(plane.kubectl(args, { user: 'admin', timeoutMs: 300_000 }))).stdout;

export interface Pod {
	readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
	readonly spec: {
		readonly nodeName: string;
		readonly containers: readonly {
			readonly image: string;
			readonly resources: { readonly limits: { readonly memory: string } };
		}[];
	};
	readonly status: {
		readonly podIP?: string;
		readonly conditions?: readonly {
			readonly type: string;
			readonly status: string;
			readonly lastTransitionTime: string;
		}[];
		readonly containerStatuses: readonly {
			readonly restartCount: number;
			readonly state: { readonly running?: { readonly startedAt: string } };
			readonly lastState: { readonly terminated?: { readonly exitCode: number; readonly reason: string } };
		}[];
	};
}

export const isTerminating = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;

export const readyCondition = ({ status }: Pod) => status.conditions?.find(({ type }) => type === 'Ready');

/** Returns whole seconds, because the kubelet reports no fractions. */
export function secondsToReady(pod: Pod): number {
	const { startedAt = '' } = pod.status.containerStatuses[0]?.state.running ?? {};
	return (Date.parse(readyCondition(pod)?.lastTransitionTime ?? '') - Date.parse(startedAt)) / 1000;
}

async function allPods(plane: ControlPlane): Promise<Pod[]> {
	const pods = await adminKubectl(plane)('-n', NS, 'get', 'pods', '-l', `app.kubernetes.io/name=${NS}`, '-o', 'json');
	return (JSON.parse(pods) as { items: Pod[] }).items;
}

export const runningPods = async (plane: ControlPlane): Promise<Pod[]> =>
	(await allPods(plane)).filter((pod) => !isTerminating(pod));

/** Resolves when the new pods are ready and the old pods have ended, because the tests also cover the shutdown. */
export async function waitForRollout(plane: ControlPlane): Promise<void> {
	await adminKubectl(plane)('-n', NS, 'rollout', 'status', `deployment/${NS}`, '--timeout=180s');
	await eventually(async () => {
		if ((await allPods(plane)).some(isTerminating)) throw new Error('a pod is still terminating');
	}, 60_000);
}

export async function restart(plane: ControlPlane): Promise<void> {
	await adminKubectl(plane)('-n', NS, 'rollout', 'restart', `deployment/${NS}`);
	await waitForRollout(plane);
}

/** Requests a path from the metrics port of one pod, through the API server. */
export const getFromPod = (plane: ControlPlane, { metadata }: Pod, path: string): Promise<string> =>
	adminKubectl(plane)('get', '--raw', `/api/v1/namespaces/${NS}/pods/${metadata.name}:8080/proxy${path}`);

export const metricsOf = async (plane: ControlPlane): Promise<string[]> =>
	Promise.all((await runningPods(plane)).map((pod) => getFromPod(plane, pod, '/metrics')));

/** Runs JavaScript with the Node in the container. Resolves even if the script fails. */
export const runInPod = (plane: ControlPlane, { metadata }: Pod, script: string): Promise<KubectlResult> =>
	plane.kubectl(['-n', NS, 'exec', metadata.name, '--', 'node', '-e', script], { user: 'admin' });

/** Returns the SHA-256 fingerprints of the certificates that the pods serve at their addresses. */
export const servedFingerprints = async (plane: ControlPlane): Promise<string[]> =>
	Promise.all(
		(await runningPods(plane)).map(async (pod) => {
			const address = `{ host: '${pod.status.podIP}', port: 8443, rejectUnauthorized: false }`;
			const script = `const s = require('tls').connect(${address},
				() => { process.stdout.write(s.getPeerX509Certificate().fingerprint256); s.destroy(); })`;
			return (await mustSucceed(runInPod(plane, pod, script))).stdout;
		}),
	);
