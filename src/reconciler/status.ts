/** Writes the conditions of a server, at most once per reconcile, and keeps the conditions of other writers. */

import { CONDITION } from '../api/names.ts';
import { isObject, metadataOf } from '../api/types.ts';
import { withConditions } from '../objects/conditions.ts';
import { decide } from '../policy/decide.ts';
import type { Condition } from '../policy/finding.ts';
import { EVENT_REASONS, type EventReason } from './client.ts';
import { type ReconcileContext, timerKey } from './context.ts';
import { contradictedReasons, type ServerObjects } from './ownership.ts';
import { CAP_REQUEUE_MS } from './proxy-deployment.ts';

const EVENT_OF_CONDITION: ReadonlyMap<unknown, EventReason> = new Map<unknown, EventReason>([
	[CONDITION.capped, EVENT_REASONS.capped],
	[CONDITION.sessionStorage, EVENT_REASONS.storageMissing],
]);

/** Returns the delay until the next reconcile, or 0 for none. Throws if `status.conditions` cannot be read. */
export async function reconcileStatus(context: ReconcileContext, objects: Promise<ServerObjects>): Promise<number> {
	const { client, object, timers, signal } = context;
	// Without permission to read the objects, none of the conditions is known to be contradicted.
	const contradicted = await objects.then(
		(found) => contradictedReasons(context, found),
		() => new Set<string>(),
	);
	const wanted = conditionsFor(context, contradicted);
	const { generation } = metadataOf(object);
	const number = typeof generation === 'number' ? generation : undefined;
	const before = isObject(object['status']) ? object['status']['conditions'] : undefined;
	const conditions = withConditions(before, wanted, number, client.timestamp());
	const key = timerKey(context, 'status');
	if (conditions === undefined) {
		timers.settleStatus.forget(key);
		return 0;
	}
	// Only the wanted conditions count, because other writers change theirs at any time.
	const desired = JSON.stringify([wanted, generation]);
	const nowMs = client.nowMs();
	// An operator that writes these conditions itself does not check owners, so it may revert them.
	const isDisputed = contradicted.size > 0;
	const remainingMs =
		timers.settleStatus.remainingMs(key, desired, nowMs) ||
		(isDisputed ? timers.backoff.remainingMs(key, desired, nowMs) : 0);
	if (remainingMs > 0) return remainingMs;
	await client.writeConditions(object, conditions, signal);
	timers.settleStatus.forget(key);
	if (isDisputed) timers.backoff.record(key, desired, client.nowMs());
	const turnedTrue = conditions.filter(
		(condition) => isTrue(condition) && !isTrue(conditionIn(before, condition['type'])),
	);
	for (const { type, message } of turnedTrue) {
		const reason = EVENT_OF_CONDITION.get(type);
		if (reason !== undefined) client.recordEvent(object, reason, String(message));
	}
	return turnedTrue.some(({ type }) => type === CONDITION.capped) ? CAP_REQUEUE_MS : 0;
}

/**
 * Returns the conditions. A contradicted condition is inactive, as for a server without `replicas`, and is never
 * created.
 */
function conditionsFor(
	{ server, decision }: ReconcileContext,
	contradicted: ReadonlySet<string>,
): readonly Condition[] {
	if (contradicted.size === 0) return decision.conditions;
	const { replicas: _unset, ...spec } = server.spec;
	const inactive = decide({ ...server, spec }).conditions;
	return decision.conditions.map((condition, index) =>
		contradicted.has(condition.reason) ? (inactive[index] ?? condition) : condition,
	);
}

const conditionIn = (conditions: unknown, type: unknown): unknown =>
	Array.isArray(conditions) ? conditions.find((one) => isObject(one) && one['type'] === type) : undefined;

const isTrue = (condition: unknown): boolean => isObject(condition) && condition['status'] === 'True';
