/** Builds the objects that ToolHive v0.12.5 writes for a server of which only the name matters. */
import { configMapOf, DEFAULT_IMAGES, deploymentOf, type Kind } from './old-operator/kinds.ts';
import type { ServerObject } from './old-operator/objects.ts';

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

const serverOf = ({ kind, ...metadata }: Owner): ServerObject => ({
	...{ apiVersion: 'toolhive.stacklok.dev/v1alpha1', kind, metadata, spec: {} },
});

/** Returns a proxy Deployment with one replica, without a grace period and a password. */
export const proxyDeployment = (owner: Owner, image?: string) => {
	const images = image === undefined ? DEFAULT_IMAGES : { runner: image, vmcp: image };
	return deploymentOf(owner.kind as Kind, serverOf(owner), {}, images);
};

/** Returns the ConfigMap that the proxy of a server mounts, with `text` and the operator's checksum. */
export const runConfigMap = (owner: Owner, text: string) => configMapOf(owner.kind as Kind, serverOf(owner), text);
