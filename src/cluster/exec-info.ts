/**
 * Sets KUBERNETES_EXEC_INFO for exec plugins. client-go sets it and some plugins require it, but
 * `@kubernetes/client-node` does not set it.
 */
import { isObject, type Json } from '../api/types.ts';

const EXTENSION = 'client.authentication.k8s.io/exec';
/** The fields of a cluster that a plugin with `provideClusterInfo` receives. */
const CLUSTER_FIELDS = [
	'server',
	'tls-server-name',
	'insecure-skip-tls-verify',
	'certificate-authority-data',
	'proxy-url',
];

/** Returns `user` with KUBERNETES_EXEC_INFO in the environment of its exec plugin. */
export function withExecInfo(user: Json, cluster: Json): Json {
	const { exec } = user;
	if (!isObject(exec)) return user;
	const info = {
		apiVersion: exec['apiVersion'],
		kind: 'ExecCredential',
		spec: { interactive: false, ...(exec['provideClusterInfo'] === true && { cluster: clusterInfo(cluster) }) },
	};
	const env = Array.isArray(exec['env']) ? exec['env'] : [];
	return {
		...user,
		exec: { ...exec, env: [...env, { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }] },
	};
}

function clusterInfo(cluster: Json): Json {
	const extensions = Array.isArray(cluster['extensions']) ? cluster['extensions'] : [];
	const own = extensions.find((item: unknown) => isObject(item) && item['name'] === EXTENSION);
	const given = CLUSTER_FIELDS.filter((field) => cluster[field]).map((field) => [field, cluster[field]]);
	return { ...Object.fromEntries(given), ...(own !== undefined && { config: own.extension }) };
}
