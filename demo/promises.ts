/** What the demo promises, checked on what is stored in the end. */
import { checksumOf } from '../src/objects/config-map.ts';

// biome-ignore lint/suspicious/noExplicitAny: objects as kubectl prints them
export type Stored = any;

export interface Everything {
	readonly server: (kind: string, name: string) => Stored;
	readonly deployment: (name: string) => Stored;
	readonly configMap: (name: string) => Stored;
}

export interface Promised {
	readonly says: string;
	readonly isKept: (all: Everything) => boolean;
}

const CHECKSUM = 'toolhive.stacklok.dev/content-checksum';
const TEMPLATE_CHECKSUM = 'toolhive.stacklok.dev/runconfig-checksum';

const podOf = (deployment: Stored): Stored => deployment.spec.template.spec;
const hasPassword = (deployment: Stored): boolean => {
	const last = podOf(deployment).containers[0].env.findLast((one: Stored) => one.name === 'THV_SESSION_REDIS_PASSWORD');
	return last?.valueFrom?.secretKeyRef?.name === 'redis-secret' && last.value === undefined;
};
const runConfig = (all: Everything, name: string): Stored =>
	JSON.parse(all.configMap(`${name}-runconfig`).data['runconfig.json']);

export const PROMISES: readonly Promised[] = [
	{
		says: 'search: the fields that the operator erased are back',
		isKept: (all) => {
			const { spec } = all.server('mcpserver', 'search');
			return spec.replicas === 3 && spec.sessionStorage.passwordRef.key === 'redis-password';
		},
	},
	{ says: 'search: 3 replicas', isKept: (all) => all.deployment('search').spec.replicas === 3 },
	{
		says: 'search: a grace period of 45 s, and preStop of 5 s',
		isKept: (all) => {
			const { terminationGracePeriodSeconds, containers } = podOf(all.deployment('search'));
			return terminationGracePeriodSeconds === 45 && containers[0].lifecycle.preStop.sleep.seconds === 5;
		},
	},
	{ says: 'search: the password comes from the Secret', isKept: (all) => hasPassword(all.deployment('search')) },
	{
		says: 'search: RunConfig has Redis at both places, no number of backends, and no password',
		isKept: (all) => {
			const { session_redis, scaling_config } = runConfig(all, 'search');
			const text: string = all.configMap('search-runconfig').data['runconfig.json'];
			return (
				session_redis.db === 2 &&
				JSON.stringify(scaling_config) === JSON.stringify({ session_redis }) &&
				!text.includes('backend_replicas') &&
				!text.includes('redis-secret')
			);
		},
	},
	{
		says: 'search: checksum, RunConfig and pod template agree',
		isKept: (all) => {
			const configMap = all.configMap('search-runconfig');
			const checksum = configMap.metadata.annotations[CHECKSUM];
			const { annotations } = all.deployment('search').spec.template.metadata;
			return checksum === checksumOf(configMap) && checksum === annotations[TEMPLATE_CHECKSUM];
		},
	},
	{
		says: 'search: however often the operator writes, its pods were never rolled',
		isKept: (all) => all.deployment('search').metadata.generation === 1,
	},
	{ says: 'files: stdio is held at 1 replica', isKept: (all) => all.deployment('files').spec.replicas === 1 },
	{
		says: 'files: what was asked for can still be seen',
		isKept: (all) => all.server('mcpserver', 'files').spec.replicas === 3,
	},
	{
		says: 'hub: 2 replicas and its password',
		isKept: (all) => all.deployment('hub').spec.replicas === 2 && hasPassword(all.deployment('hub')),
	},
	{
		says: 'hub: its configuration is untouched, because its image v0.12.5 would crash on it',
		isKept: (all) => !all.configMap('hub-vmcp-config').data['config.yaml'].includes('sessionStorage'),
	},
	{
		says: 'crm: 2 replicas, its password, and Redis in its RunConfig',
		isKept: (all) =>
			all.deployment('crm').spec.replicas === 2 &&
			hasPassword(all.deployment('crm')) &&
			runConfig(all, 'crm').session_redis.db === 0,
	},
];
