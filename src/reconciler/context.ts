/** What the parts of a pass share: the server at this moment, the clocks, and what is said of a write. */

import type { Json, Server } from '../api/types.ts';
import type { Decision } from '../policy/decide.ts';
import type { ReconcilerClient } from './client.ts';
import { EVENT_REASONS } from './events.ts';
import type { RevertBackoff, SettleTimer } from './revert-backoff.ts';

/** One server at the moment of its pass. */
export interface ReconcileContext {
	readonly key: string;
	readonly object: Json;
	readonly server: Server;
	readonly decision: Decision;
	readonly signal: AbortSignal;
}

export interface Clocks {
	/** How long a wish has stood. */
	readonly standing: SettleTimer;
	/** How often it was written. */
	readonly patience: RevertBackoff;
}

/** After `wish` was written for `what`: the clocks begin anew, and the server's owner is told. */
export function noteWritten(
	world: ReconcilerClient,
	clocks: Clocks,
	object: Json,
	what: string,
	wish: string,
	part: string,
): void {
	clocks.standing.forget(what);
	clocks.patience.note(what, wish, world.nowMs());
	if (clocks.patience.isReverted(what)) {
		world.tell(object, EVENT_REASONS.reverted, `somebody keeps reverting ${part}; trying less often`);
	} else world.tell(object, EVENT_REASONS.backfilled, `${part} was brought up to date`);
}

/** The shortest of the delays that are any; 0 where none is. */
export function soonest(delays: readonly number[]): number {
	const some = delays.filter((ms) => ms > 0);
	return some.length === 0 ? 0 : Math.min(...some);
}
