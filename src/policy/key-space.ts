/**
 * Warns about two servers that overwrite each other's sessions in Redis. Servers without an explicit prefix are
 * ignored: ToolHive's default prefixes (`thv:proxy:session:`, `thv:vmcp:session:`) are shared by design.
 */
import type { Server } from '../api/types.ts';
import type { Check } from './finding.ts';
import { redisOf } from './session-storage.ts';

/**
 * Returns the same text for servers that share keys, or undefined without an explicit prefix. A bare host name such as
 * `redis:6379` means a different Redis in each namespace.
 */
export function keySpaceOf(server: Server): string | undefined {
	const { address, db = 0, keyPrefix } = redisOf(server) ?? {};
	if (keyPrefix === undefined || keyPrefix === '' || address === undefined) return undefined;
	const isAbsolute = /[.[]/.test(address);
	return JSON.stringify([isAbsolute ? '' : server.namespace, address, db, keyPrefix]);
}

export const sharedKeySpace: Check = ({ server, clusterContext: { sharesKeySpaceWith: others = [] } }) => {
	if (others.length === 0) return undefined;
	// The name of a server in another namespace is not shown, because the user may not be allowed to see it.
	const neighbour = others.find(({ namespace }) => namespace === server.namespace);
	const other = neighbour === undefined ? 'a server of another namespace' : `${neighbour.kind} ${neighbour.name}`;
	return { field: 'spec.sessionStorage.keyPrefix', message: `this server shares its Redis keys with ${other}` };
};
