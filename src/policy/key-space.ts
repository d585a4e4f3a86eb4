/**
 * Two servers must not write their sessions into one another's Redis keys.
 * Reads: sessionStorage.address, db, keyPrefix of this server and of the others.
 * Allows: everything; it warns. Servers without a prefix of their own are left out: ToolHive's default prefixes
 * (`thv:proxy:session:`, `thv:vmcp:session:`) are shared by design.
 */
import type { Server } from '../api/types.ts';
import type { Check } from './finding.ts';
import { redisOf } from './session-storage.ts';

/**
 * A text that is equal for servers that share keys, undefined where nothing explicit is shared. A bare host name such as
 * `redis:6379` means another Redis in each namespace.
 */
export function keySpaceOf(server: Server): string | undefined {
	const redis = redisOf(server);
	if (redis?.keyPrefix === undefined || redis.keyPrefix === '' || redis.address === undefined) return undefined;
	const isAbsolute = /[.[]/.test(redis.address);
	return JSON.stringify([isAbsolute ? '' : server.namespace, redis.address, redis.db ?? 0, redis.keyPrefix]);
}

export const sharedKeySpace: Check = ({ server, surroundings: { sharesKeySpaceWith: sharing = [] } }) => {
	if (sharing.length === 0) return undefined;
	// Who may not look into another namespace is not told what is in it.
	const neighbour = sharing.find(({ namespace }) => namespace === server.namespace);
	const other = neighbour === undefined ? 'a server of another namespace' : `${neighbour.kind} ${neighbour.name}`;
	return {
		field: 'spec.sessionStorage.keyPrefix',
		message: `the same Redis keys as ${other}`,
	};
};
