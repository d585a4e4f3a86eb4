/** What a container has and a process of a test has not: the files of a service account at the place where pods have them. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A mount namespace of its own, with an empty /var/run; the machine's stays as it is. */
const FLAGS = ['--mount', '--map-root-user'];
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const SCRIPT = `mount -t tmpfs none /var/run && mkdir -p ${SERVICE_ACCOUNT} && cp "$0"/ca.crt "$0"/namespace "$0"/token ${SERVICE_ACCOUNT} && exec "$@"`;

/** Not everywhere: it takes Linux, and a kernel that lets us. */
export const canBePod = spawnSync('unshare', [...FLAGS, 'mount', '-t', 'tmpfs', 'none', '/var/run']).status === 0;

/** How to start `command` as the pod whose identity `kubeconfig` (JSON) has. Three files come into `folder`. */
export function asPod(
	command: readonly string[],
	kubeconfig: string,
	folder: string,
): [file: string, args: string[], env: Record<string, string>] {
	const config = JSON.parse(readFileSync(kubeconfig, 'utf8'));
	const { server, 'certificate-authority-data': ca } = config.clusters[0].cluster;
	writeFileSync(join(folder, 'ca.crt'), Buffer.from(ca, 'base64'));
	writeFileSync(join(folder, 'token'), config.users[0].user.token, { mode: 0o600 });
	writeFileSync(join(folder, 'namespace'), 'toolhive-scaling');
	const { hostname, port } = new URL(server);
	const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
	return ['unshare', [...FLAGS, 'sh', '-c', SCRIPT, folder, ...command], env];
}
