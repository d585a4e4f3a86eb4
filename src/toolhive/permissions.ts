/**
 * What our ServiceAccount may do, and must. The roles in manifests/ are compared with it, and with the calls that
 * src/cluster/ makes; `doctor` asks a cluster for each of them.
 */
import { GROUP, INSTALLED_AS, KIND_LIST, KINDS } from './names.ts';

export interface Permission {
	readonly group: string;
	readonly resource: string;
	readonly verbs: readonly string[];
	/** Only in the namespace we run in, and where it has a name only that object. */
	readonly own?: { readonly name?: string };
}

const SERVERS = KIND_LIST.map((kind) => KINDS[kind].plural);

export const PERMISSIONS: readonly Permission[] = [
	...SERVERS.map((resource) => ({ group: GROUP, resource, verbs: ['get', 'list', 'watch'] })),
	...SERVERS.map((resource) => ({ group: GROUP, resource: `${resource}/status`, verbs: ['patch'] })),
	{ group: 'apps', resource: 'deployments', verbs: ['get', 'list', 'watch', 'patch'] },
	{ group: '', resource: 'configmaps', verbs: ['get', 'list', 'watch', 'patch'] },
	{ group: 'autoscaling', resource: 'horizontalpodautoscalers', verbs: ['list', 'watch'] },
	{ group: 'events.k8s.io', resource: 'events', verbs: ['create', 'patch'] },
	{ group: 'coordination.k8s.io', resource: 'leases', verbs: ['create'], own: {} },
	{ group: 'coordination.k8s.io', resource: 'leases', verbs: ['get', 'update'], own: { name: INSTALLED_AS } },
];
