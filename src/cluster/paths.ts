/** URL paths of the API server. Names are escaped, because they may come from a request that has not been validated. */
import { GROUP, KINDS, type Kind, VERSIONS } from '../api/names.ts';
import type { ServerRef } from '../api/types.ts';
import type { WebhookConfigurationKind } from '../api/webhook-configurations.ts';

type Named = { readonly namespace: string; readonly name: string };

const inNamespace = (group: string, { namespace, name }: Named, resource: string): string =>
	`${group}/namespaces/${encodeURIComponent(namespace)}/${resource}/${encodeURIComponent(name)}`;

/** Returns the paths of all servers of a kind, one per API version, the preferred version first. */
export const serversPaths = (kind: Kind): string[] =>
	VERSIONS.map((version) => `/apis/${GROUP}/${version}/${KINDS[kind].plural}`);

/** Returns the paths of one server. `served` is the path of `serversPaths` that is known to be served. */
export function serverPaths(ref: ServerRef, served?: string): string[] {
	const { plural } = KINDS[ref.kind];
	const groups = (served === undefined ? serversPaths(ref.kind) : [served]).map((path) =>
		path.slice(0, -plural.length - 1),
	);
	return groups.map((group) => inNamespace(group, ref, plural));
}

export const DEPLOYMENTS_PATH = '/apis/apps/v1/deployments';
export const deploymentPath = (named: Named): string => inNamespace('/apis/apps/v1', named, 'deployments');

export const CONFIG_MAPS_PATH = '/api/v1/configmaps';
export const configMapPath = (named: Named): string => inNamespace('/api/v1', named, 'configmaps');

export const AUTOSCALERS_PATH = '/apis/autoscaling/v2/horizontalpodautoscalers';

export const VERSION_PATH = '/version';
export const ACCESS_REVIEWS_PATH = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
export const secretPath = (named: Named): string => inNamespace('/api/v1', named, 'secrets');
export const secretsPath = (namespace: string): string => `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
export const leasesPath = (namespace: string): string =>
	`/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
export const leasePath = (named: Named): string => inNamespace('/apis/coordination.k8s.io/v1', named, 'leases');
export const namespacePath = (name: string): string => `/api/v1/namespaces/${encodeURIComponent(name)}`;
export const crdPath = (name: string): string =>
	`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${encodeURIComponent(name)}`;
export const webhookConfigurationPath = (kind: WebhookConfigurationKind, name: string): string =>
	`/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}s/${encodeURIComponent(name)}`;

/** Returns the path at which an object of that apiVersion is created. */
export const creationPath = (apiVersion: string, plural: string, namespace: string): string =>
	`${apiVersion.includes('/') ? '/apis' : '/api'}/${apiVersion}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
