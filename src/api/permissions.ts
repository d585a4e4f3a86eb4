/**
 * The permissions of the ServiceAccount. Tests compare them with the roles in manifests/ and with the calls that an API
 * server recorded. `doctor` checks each of them in a cluster.
 */
import { CERTIFICATE_SECRET, GROUP, INSTALLED_AS, KIND_LIST, KINDS } from './names.ts';

export interface Permission {
	readonly group: string;
	readonly resource: string;
	readonly verbs: readonly string[];
	/** Needed only in the namespace of toolhive-scaling. With `name`, needed only for that object. */
	readonly own?: { readonly name?: string };
	/** Needed only for the cluster-scoped object with that name. */
	readonly name?: string;
	/** Not needed if the user provides the certificate. */
	readonly isForCertificates?: true;
	/** Needed only with --namespace-label; the component namespace-opt-in grants it. */
	readonly isForNamespaceLabel?: true;
}

const SERVERS = KIND_LIST.map((kind) => KINDS[kind].plural);

export const PERMISSIONS: readonly Permission[] = [
	...SERVERS.map((resource) => ({ group: GROUP, resource, verbs: ['get', 'list', 'watch'] })),
	...SERVERS.map((resource) => ({ group: GROUP, resource: `${resource}/status`, verbs: ['patch'] })),
	{ group: 'apps', resource: 'deployments', verbs: ['get', 'list', 'watch', 'patch'] },
	{ group: '', resource: 'configmaps', verbs: ['get', 'list', 'watch', 'patch'] },
	{ group: 'autoscaling', resource: 'horizontalpodautoscalers', verbs: ['list', 'watch'] },
	{ group: 'events.k8s.io', resource: 'events', verbs: ['create', 'patch'] },
	{ group: '', resource: 'namespaces', verbs: ['get'], isForNamespaceLabel: true },
	{ group: 'coordination.k8s.io', resource: 'leases', verbs: ['create'], own: {} },
	{ group: 'coordination.k8s.io', resource: 'leases', verbs: ['get', 'update'], own: { name: INSTALLED_AS } },
	{ group: '', resource: 'secrets', verbs: ['create'], own: {}, isForCertificates: true },
	{
		group: '',
		resource: 'secrets',
		verbs: ['get', 'update'],
		own: { name: CERTIFICATE_SECRET },
		isForCertificates: true,
	},
	...['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'].map(
		(resource): Permission => ({
			group: 'admissionregistration.k8s.io',
			resource,
			verbs: ['get', 'patch'],
			name: INSTALLED_AS,
			isForCertificates: true,
		}),
	),
];
