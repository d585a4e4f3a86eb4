/** Checks the stored objects at the end of the demo. */
import { checksumOf } from '../src/objects/config-map.ts';

// biome-ignore lint/suspicious/noExplicitAny: objects as kubectl prints them
export type StoredObject = any;
/** Returns the stored object of this kind, in lower case, and name. */
export type Find = (kind: string, name: string) => StoredObject;

const CHECKSUM = 'toolhive.stacklok.dev/content-checksum';
const TEMPLATE_CHECKSUM = 'toolhive.stacklok.dev/runconfig-checksum';

const deployment = (find: Find, name: string): StoredObject => find('deployment', name).spec;
const hasPassword = (find: Find, name: string): boolean => {
	const { env } = deployment(find, name).template.spec.containers[0];
	const last = env.findLast((one: StoredObject) => one.name === 'THV_SESSION_REDIS_PASSWORD');
	return last?.valueFrom?.secretKeyRef?.name === 'redis-secret' && last.value === undefined;
};
const runConfig = (find: Find, name: string): string => find('configmap', `${name}-runconfig`).data['runconfig.json'];

export const CHECKS: readonly (readonly [name: string, passes: (find: Find) => boolean])[] = [
	[
		'search: the fields that the operator erased are restored',
		(find) => {
			const { replicas, sessionStorage } = find('mcpserver', 'search').spec;
			return replicas === 3 && sessionStorage.passwordRef.key === 'redis-password';
		},
	],
	['search: 3 replicas', (find) => deployment(find, 'search').replicas === 3],
	[
		'search: the grace period is 45 s, and preStop 5 s',
		(find) => {
			const { terminationGracePeriodSeconds, containers } = deployment(find, 'search').template.spec;
			return terminationGracePeriodSeconds === 45 && containers[0].lifecycle.preStop.sleep.seconds === 5;
		},
	],
	['search: the password comes from the Secret', (find) => hasPassword(find, 'search')],
	[
		'search: RunConfig has Redis in both layouts, no backend_replicas and no password',
		(find) => {
			const text = runConfig(find, 'search');
			const { session_redis, scaling_config } = JSON.parse(text);
			const isInBoth = JSON.stringify(scaling_config) === JSON.stringify({ session_redis });
			return session_redis.db === 2 && isInBoth && !/backend_replicas|redis-secret/.test(text);
		},
	],
	[
		'search: checksum, RunConfig and pod template agree',
		(find) => {
			const configMap = find('configmap', 'search-runconfig');
			const inTemplate = deployment(find, 'search').template.metadata.annotations[TEMPLATE_CHECKSUM];
			return [checksumOf(configMap), inTemplate].every((one) => one === configMap.metadata.annotations[CHECKSUM]);
		},
	],
	[
		'search: the writes of the operator never rolled the pods',
		(find) => find('deployment', 'search').metadata.generation === 1,
	],
	['files: stdio is limited to 1 replica', (find) => deployment(find, 'files').replicas === 1],
	['files: spec.replicas of the server is still 3', (find) => find('mcpserver', 'files').spec.replicas === 3],
	[
		'hub: 2 replicas, and the password from the Secret',
		(find) => deployment(find, 'hub').replicas === 2 && hasPassword(find, 'hub'),
	],
	[
		'hub: the configuration is unchanged, because image v0.12.5 would crash with Redis in it',
		(find) => !find('configmap', 'hub-vmcp-config').data['config.yaml'].includes('sessionStorage'),
	],
	[
		'crm: 2 replicas, the password from the Secret, and Redis in RunConfig',
		(find) =>
			deployment(find, 'crm').replicas === 2 &&
			hasPassword(find, 'crm') &&
			JSON.parse(runConfig(find, 'crm')).session_redis.db === 0,
	],
];
