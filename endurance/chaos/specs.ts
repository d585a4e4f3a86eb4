/** What servers ask for. */
import type { Kind } from '../../src/api/names.ts';
import type { Json } from '../../src/api/types.ts';
import type { Spec } from './ledger.ts';
import type { Random } from './random.ts';

/** Whatever may be asked for, by chance. */
export function anySpec(kind: Kind, random: Random, redisSecret: object): Spec {
	const redis = () => ({
		provider: 'redis',
		address: `redis-${random.between(0, 3)}.db.svc:6379`,
		db: random.between(0, 2),
		...(random.next() < 0.5 && { keyPrefix: `p${random.between(0, 3)}:` }),
		...(random.next() < 0.7 && { passwordRef: redisSecret }),
	});
	const storage = random.next();
	return {
		...(kind === 'MCPServer' && { transport: random.pick(['stdio', 'sse', 'streamable-http']) }),
		...(kind === 'MCPRemoteProxy' && { transport: random.pick(['sse', 'streamable-http']) }),
		...(random.next() < 0.7 && { replicas: random.between(0, 4) }),
		...(kind === 'MCPServer' && random.next() < 0.5 && { backendReplicas: random.between(0, 3) }),
		...(storage < 0.5
			? { sessionStorage: redis() }
			: storage < 0.7 && { sessionStorage: { provider: 'memory', db: 0 } }),
	};
}

/** What a server of the kind needs besides. */
export const rest = (kind: Kind): Json =>
	kind === 'VirtualMCPServer'
		? { incomingAuth: { type: 'anonymous' }, config: { groupRef: 'a' } }
		: kind === 'MCPRemoteProxy'
			? { remoteURL: 'https://crm.example.com' }
			: {};
