/**
 * Credentials of a pod: the files that Kubernetes mounts for its service account. `@kubernetes/client-node` reads them too, but
 * loads 50 MiB of generated models, more than everything else in the pod.
 */
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import Agent from 'undici/lib/dispatcher/agent.js';
import { type Credentials, cached } from './credentials.ts';

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

export const isInPod = (env: EnvironmentVariables): boolean => env['KUBERNETES_SERVICE_HOST'] !== undefined;

const MOUNTED_AT = '/var/run/secrets/kubernetes.io/serviceaccount';
/** As client-go and client-node; less than the idle timeout of load balancers. */
const KEEP_ALIVE_PROBE_MS = 30_000;

/** `folder` has ca.crt, namespace and token. Throws if the pod has no service account mounted. */
export async function fromServiceAccount(env: EnvironmentVariables, folder = MOUNTED_AT): Promise<Credentials> {
	const read = (file: string): Promise<string> => readFile(join(folder, file), 'utf8');
	const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
	const headers = cached(async () => ({ authorization: `Bearer ${(await read('token')).trim()}` }));
	await headers();
	const ca = await read('ca.crt');
	return {
		url: `https://${isIPv6(host) ? `[${host}]` : host}:${env['KUBERNETES_SERVICE_PORT'] ?? '443'}`,
		namespace: (await read('namespace').catch(() => undefined))?.trim(),
		dispatcher: new Agent({ connect: { ca, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS } }),
		headers,
	};
}
