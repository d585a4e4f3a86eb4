/** A server as the rules see it, and what may stand around it. */

import type { Kind } from '../../src/api/names.ts';
import type { Autoscaler, Server, ServerSpec } from '../../src/api/types.ts';
import type { ClusterContext } from '../../src/policy/finding.ts';

export const server = (spec: Partial<ServerSpec> = {}, kind: Kind = 'MCPServer', ignore: string[] = []): Server => ({
	kind,
	namespace: 'demo',
	name: 'search',
	uid: 'uid-of-search',
	spec: { stdio: false, ...spec },
	ignore,
});

export const redis = { provider: 'redis', address: 'redis.db.svc:6379' } as const;
export const memory = { provider: 'memory' } as const;
export const passwordRef = { name: 'redis-auth', key: 'password-key' } as const;

export const hpaOf = (fields: Partial<Autoscaler> = {}): ClusterContext => ({
	autoscalers: [
		{
			kind: 'HorizontalPodAutoscaler',
			namespace: 'demo',
			name: 'search-hpa',
			targetKind: 'Deployment',
			target: 'search',
			maxReplicas: 6,
			...fields,
		},
	],
});
export const hpa = hpaOf();
export const image = (tag: string): ClusterContext => ({
	deployment: { namespace: 'demo', name: 'search', image: `ghcr.io/stacklok/toolhive/proxyrunner${tag}` },
});
