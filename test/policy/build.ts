/** A server as the rules see it, and what may stand around it. */
import type { Surroundings } from '../../src/policy/finding.ts';
import type { Kind } from '../../src/toolhive/names.ts';
import type { Server, ServerSpec } from '../../src/toolhive/types.ts';

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

export const hpa: Surroundings = { autoscaler: { namespace: 'demo', name: 'search-hpa', target: 'search' } };
export const image = (tag: string): Surroundings => ({
	deployment: { namespace: 'demo', name: 'search', image: `ghcr.io/stacklok/toolhive/proxyrunner${tag}` },
});
