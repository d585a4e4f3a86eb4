/** `status.conditions`, a list with more than one writer: ours are changed, everybody else's are kept. */

import { isObject, type Json } from '../api/types.ts';
import type { Condition } from '../policy/finding.ts';

/** The list that is there cannot be read, so it cannot be changed without losing something. */
export class UnreadableStatus extends Error {}

/**
 * `conditions` (as found, absent included) with `wanted` in it; undefined where nothing differs. What differs is type, status, reason or observedGeneration. A writer that leaves observedGeneration out does so every time, so a
 * missing one is no difference. `now` in RFC 3339, whole seconds.
 */
export function withConditions(
	conditions: unknown,
	wanted: readonly Condition[],
	generation: number | undefined,
	now: string,
): readonly Json[] | undefined {
	if (conditions !== undefined && conditions !== null && !Array.isArray(conditions)) {
		throw new UnreadableStatus('status.conditions is not a list; it is left as it is');
	}
	const found = (conditions ?? []) as readonly Json[];
	let changed = found;
	for (const { isOnlyIfPresent, ...condition } of wanted) {
		const index = changed.findIndex((one) => isObject(one) && one['type'] === condition.type);
		const existing = changed[index];
		if (existing === undefined) {
			if (!isOnlyIfPresent) changed = [...changed, written(condition, generation, now)];
		} else if (differs(existing, condition, generation)) {
			const since = existing['status'] === condition.status ? existing['lastTransitionTime'] : undefined;
			changed = changed.with(index, { ...existing, ...written(condition, generation, since ?? now) });
		}
	}
	return changed === found ? undefined : changed;
}

const written = (condition: Condition, generation: number | undefined, lastTransitionTime: unknown): Json => ({
	...condition,
	...(generation !== undefined && { observedGeneration: generation }),
	lastTransitionTime,
});

const differs = (existing: Json, condition: Condition, generation: number | undefined): boolean =>
	existing['status'] !== condition.status ||
	existing['reason'] !== condition.reason ||
	(existing['observedGeneration'] !== undefined && existing['observedGeneration'] !== generation);
