/** Gives a process in a test the service account files at the paths where pods have them. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** These flags create a mount namespace with an empty /var/run. The /var/run of the machine does not change. */
const FLAGS = ['--mount', '--map-root-user'];
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const SCRIPT = `mount -t tmpfs none /var/run && mkdir -p ${SERVICE_ACCOUNT} && cp "$0"/ca.crt "$0"/namespace "$0"/token ${SERVICE_ACCOUNT} && exec "$@"`;

/** True on Linux, if the kernel allows an unprivileged mount namespace. */
export const canBePod = spawnSync('unshare', [...FLAGS, 'mount', '-t', 'tmpfs', 'none', '/var/run']).status === 0;

/** Returns how to start a command as a pod with the identity in `kubeconfig` (JSON). Writes three files to `folder`. */
export function asPod(kubeconfig: string, folder: string): { launcher: string[]; env: Record<string, string> } {
	const config = JSON.parse(readFileSync(kubeconfig, 'utf8'));
	const { server, 'certificate-authority-data': ca } = config.clusters[0].cluster;
	writeFileSync(join(folder, 'ca.crt'), Buffer.from(ca, 'base64'));
	writeFileSync(join(folder, 'token'), config.users[0].user.token, { mode: 0o600 });
	writeFileSync(join(folder, 'namespace'), 'toolhive-scaling');
	const { hostname, port } = new URL(server);
	const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
	return { launcher: ['unshare', ...FLAGS, 'sh', '-c', SCRIPT, folder], env };
}
