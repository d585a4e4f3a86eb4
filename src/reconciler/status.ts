/** The two conditions of a server: one write per pass at most, kept beside everybody else's. */

import { CONDITION } from '../api/names.ts';
import { isObject, type Json, metadataOf, type ServerRef } from '../api/types.ts';
import { withConditions } from '../objects/conditions.ts';
import { serverOf } from '../objects/server.ts';
import type { ReconcilerClient } from './client.ts';
import { EVENT_REASONS, type EventReason } from './events.ts';
import { conditionsBut, NO_REASONS, type Reasons } from './unowned.ts';

/** A busy operator writes the status a few times in a row; more than this is for the queue's backoff. */
const ATTEMPTS = 20;

const NOTES: ReadonlyMap<string, EventReason> = new Map<string, EventReason>([
	[CONDITION.capped, EVENT_REASONS.capped],
	[CONDITION.sessionStorage, EVENT_REASONS.storageMissing],
]);

/** The whole list as it should be, undefined where it is. Throws where the list cannot be read. */
export function owedConditions(object: Json, now: string, contradicted = NO_REASONS): readonly Json[] | undefined {
	const server = serverOf(object);
	if (server === undefined) return undefined;
	const { generation } = metadataOf(object);
	const number = typeof generation === 'number' ? generation : undefined;
	return withConditions(foundIn(object), conditionsBut(contradicted, server), number, now);
}

/** Writes what is owed. Resolves with whether `StdioReplicaCapped` has just become True. */
export async function writeStatus(
	ref: ServerRef,
	first: Json,
	contradicted: Reasons,
	world: ReconcilerClient,
	signal: AbortSignal,
): Promise<boolean> {
	let object: Json | undefined = first;
	for (let attempt = 1; object !== undefined; attempt += 1) {
		const conditions = owedConditions(object, world.timestamp(), contradicted);
		if (conditions === undefined) return false;
		try {
			await world.writeConditions(object, conditions, signal);
			return tellFlips(object, conditions, world);
		} catch (error) {
			if (!world.isConflict(error) || attempt === ATTEMPTS) throw error;
			object = await world.getServer(ref, signal);
		}
	}
	return false;
}

function foundIn({ status }: Json): unknown {
	return isObject(status) ? status['conditions'] : undefined;
}

/** An Event for each condition of ours that has just become True. */
function tellFlips(object: Json, after: readonly Json[], world: ReconcilerClient): boolean {
	const before = (foundIn(object) ?? []) as readonly unknown[];
	let isNewlyCapped = false;
	for (const condition of after) {
		const occasion = NOTES.get(String(condition['type']));
		const isTrueBefore = before.some(
			(one) => isObject(one) && one['type'] === condition['type'] && one['status'] === 'True',
		);
		if (occasion === undefined || condition['status'] !== 'True' || isTrueBefore) continue;
		world.tell(object, occasion, String(condition['message']));
		if (occasion === EVENT_REASONS.capped) isNewlyCapped = true;
	}
	return isNewlyCapped;
}
