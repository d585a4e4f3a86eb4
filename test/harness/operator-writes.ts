/**
 * Builds the objects that ToolHive v0.12.5 writes for a server, without fields that do not matter here. The source is
 * thv-operator/pkg.
 */
import { createHash } from 'node:crypto';
import { NAMES, type ServerKind } from './objects.ts';

export interface Owner {
	readonly kind: string;
	readonly name: string;
	readonly namespace: string;
	readonly uid: string;
}

/** Redis with a password, as in `spec.sessionStorage`. */
export const REDIS = {
	provider: 'redis',
	address: 'redis.mcp.svc:6379',
	passwordRef: { name: 'redis-secret', key: 'password' },
};

const namesOf = ({ kind }: Owner) => NAMES[kind as ServerKind];
const metadataOf = ({ kind, name, namespace, uid }: Owner, labels: Readonly<Record<string, string>>) => {
	const owner = { apiVersion: 'toolhive.stacklok.dev/v1alpha1', kind, name, uid };
	return { namespace, labels, ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }] };
};

/** Returns a proxy Deployment with one replica, without a grace period and a password. */
export const proxyDeployment = (owner: Owner, image = 'ghcr.io/stacklok/toolhive/proxyrunner:v0.12.5') => {
	const { app, container } = namesOf(owner);
	const labels = {
		...{ app, 'app.kubernetes.io/name': app, 'app.kubernetes.io/instance': owner.name },
		...{ toolhive: 'true', 'toolhive-name': owner.name },
	};
	const env = [
		{ name: 'XDG_CONFIG_HOME', value: '/tmp' },
		{ name: 'TOOLHIVE_RUNTIME', value: 'kubernetes' },
	];
	const template = { metadata: { labels }, spec: { containers: [{ name: container, image, env }] } };
	return {
		...{ apiVersion: 'apps/v1', kind: 'Deployment' },
		metadata: { name: owner.name, ...metadataOf(owner, labels) },
		spec: { replicas: 1, selector: { matchLabels: labels }, template },
	};
};

/** Returns the ConfigMap that the proxy of a server mounts, with `text` and the operator's checksum. */
export const runConfigMap = (owner: Owner, text: string) => {
	const { config, key, component, label } = namesOf(owner);
	const labels = {
		'toolhive.stacklok.io/component': component,
		'toolhive.stacklok.io/managed-by': 'toolhive-operator',
		[`toolhive.stacklok.io/${label}`]: owner.name,
	};
	const hash = createHash('sha256').update(key + text);
	for (const [name, value] of Object.entries(labels)) hash.update(name + value);
	const annotations = { 'toolhive.stacklok.dev/content-checksum': hash.digest('hex') };
	return {
		...{ apiVersion: 'v1', kind: 'ConfigMap' },
		metadata: { name: owner.name + config, ...metadataOf(owner, labels), annotations },
		data: { [key]: text },
	};
};
