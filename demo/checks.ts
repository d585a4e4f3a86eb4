/** Checks the stored objects at the end of the demo. */
import { checksumOf } from '../src/objects/config-map.ts';

// biome-ignore lint/suspicious/noExplicitAny: objects as kubectl prints them
export type StoredObject = any;

export interface StoredObjects {
	readonly server: (kind: string, name: string) => StoredObject;
	readonly deployment: (name: string) => StoredObject;
	readonly configMap: (name: string) => StoredObject;
}

export interface Check {
	readonly name: string;
	readonly passes: (stored: StoredObjects) => boolean;
}

const CHECKSUM = 'toolhive.stacklok.dev/content-checksum';
const TEMPLATE_CHECKSUM = 'toolhive.stacklok.dev/runconfig-checksum';

const podOf = (deployment: StoredObject): StoredObject => deployment.spec.template.spec;
const hasPassword = (deployment: StoredObject): boolean => {
	const last = podOf(deployment).containers[0].env.findLast(
		(one: StoredObject) => one.name === 'THV_SESSION_REDIS_PASSWORD',
	);
	return last?.valueFrom?.secretKeyRef?.name === 'redis-secret' && last.value === undefined;
};
const runConfig = (stored: StoredObjects, name: string): StoredObject =>
	JSON.parse(stored.configMap(`${name}-runconfig`).data['runconfig.json']);

export const CHECKS: readonly Check[] = [
	{
		name: 'search: the fields that the operator erased are restored',
		passes: (stored) => {
			const { spec } = stored.server('mcpserver', 'search');
			return spec.replicas === 3 && spec.sessionStorage.passwordRef.key === 'redis-password';
		},
	},
	{ name: 'search: 3 replicas', passes: (stored) => stored.deployment('search').spec.replicas === 3 },
	{
		name: 'search: the grace period is 45 s, and preStop 5 s',
		passes: (stored) => {
			const { terminationGracePeriodSeconds, containers } = podOf(stored.deployment('search'));
			return terminationGracePeriodSeconds === 45 && containers[0].lifecycle.preStop.sleep.seconds === 5;
		},
	},
	{ name: 'search: the password comes from the Secret', passes: (stored) => hasPassword(stored.deployment('search')) },
	{
		name: 'search: RunConfig has Redis in both layouts, no backend_replicas and no password',
		passes: (stored) => {
			const { session_redis, scaling_config } = runConfig(stored, 'search');
			const text: string = stored.configMap('search-runconfig').data['runconfig.json'];
			return (
				session_redis.db === 2 &&
				JSON.stringify(scaling_config) === JSON.stringify({ session_redis }) &&
				!text.includes('backend_replicas') &&
				!text.includes('redis-secret')
			);
		},
	},
	{
		name: 'search: checksum, RunConfig and pod template agree',
		passes: (stored) => {
			const configMap = stored.configMap('search-runconfig');
			const checksum = configMap.metadata.annotations[CHECKSUM];
			const { annotations } = stored.deployment('search').spec.template.metadata;
			return checksum === checksumOf(configMap) && checksum === annotations[TEMPLATE_CHECKSUM];
		},
	},
	{
		name: 'search: the writes of the operator never rolled the pods',
		passes: (stored) => stored.deployment('search').metadata.generation === 1,
	},
	{ name: 'files: stdio is limited to 1 replica', passes: (stored) => stored.deployment('files').spec.replicas === 1 },
	{
		name: 'files: spec.replicas of the server is still 3',
		passes: (stored) => stored.server('mcpserver', 'files').spec.replicas === 3,
	},
	{
		name: 'hub: 2 replicas, and the password from the Secret',
		passes: (stored) => stored.deployment('hub').spec.replicas === 2 && hasPassword(stored.deployment('hub')),
	},
	{
		name: 'hub: the configuration is unchanged, because image v0.12.5 would crash with Redis in it',
		passes: (stored) => !stored.configMap('hub-vmcp-config').data['config.yaml'].includes('sessionStorage'),
	},
	{
		name: 'crm: 2 replicas, the password from the Secret, and Redis in RunConfig',
		passes: (stored) =>
			stored.deployment('crm').spec.replicas === 2 &&
			hasPassword(stored.deployment('crm')) &&
			runConfig(stored, 'crm').session_redis.db === 0,
	},
];
