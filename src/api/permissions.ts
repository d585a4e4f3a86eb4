/**
 * The permissions of the ServiceAccount. Tests compare them with the roles in manifests/ and with the calls that an API
 * server recorded; `doctor` checks each in a cluster.
 */
import { CERTIFICATE_SECRET, GROUP, INSTALLED_AS, KIND_LIST, KINDS } from './names.ts';

export interface Permission {
	readonly group: string;
	readonly resource: string;
	readonly verbs: readonly string[];
	/** Only in the namespace of toolhive-scaling; with a name only that object. */
	readonly own?: { readonly name?: string };
	/** Only the cluster-scoped object with that name. */
	readonly name?: string;
	/** Not needed with a provided certificate. */
	readonly isForCertificates?: true;
	/** Only needed with --namespace-label, and granted by the component namespace-opt-in. */
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
