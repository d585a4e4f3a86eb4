/**
 * The credentials of a Pod: the files that Kubernetes mounts for its service account. `@kubernetes/client-node` reads
 * them too, but loads 50 MiB of generated models, more than the rest of the program.
 */
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import Agent from 'undici/lib/dispatcher/agent.js';
import { type Credentials, cached } from './credentials.ts';

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

export const isInPod = (env: EnvironmentVariables): boolean => env['KUBERNETES_SERVICE_HOST'] !== undefined;

const MOUNTED_AT = '/var/run/secrets/kubernetes.io/serviceaccount';
/** client-go and client-node use the same interval, which is shorter than the idle timeout of load balancers. */
const KEEP_ALIVE_PROBE_MS = 30_000;

/** Reads ca.crt, namespace and token in `folder`. Throws if the Pod has no service account mounted. */
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
