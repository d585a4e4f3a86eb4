/** Sets conditions in `status.conditions`. The list has several writers, so the conditions of others are kept. */

import { isObject, type Json } from '../api/types.ts';
import type { Condition } from '../policy/finding.ts';

/**
 * Returns `conditions` with `wanted` in it, or undefined if type, status, reason and observedGeneration are already the
 * same. A missing observedGeneration counts as the same, because the client that omitted it would omit it again. `now`
 * is in RFC 3339, in whole seconds.
 */
export function withConditions(
	conditions: unknown,
	wanted: readonly Condition[],
	generation: number | undefined,
	now: string,
): readonly Json[] | undefined {
	if (conditions != null && !Array.isArray(conditions)) {
		throw new Error('status.conditions is not a list; it was not changed');
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
