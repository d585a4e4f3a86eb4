/**
 * A proxy gets time to finish what it serves before it is killed.
 * Reads: terminationGracePeriodSeconds as sent, and as stored if an operator updates the Deployment.
 * Allows: any value but "not set", which reaches us either absent or as the API server's own default.
 */

/** Kubernetes' default for pods, filled in before any webhook runs; it cannot be told from an explicit 30. */
const API_SERVER_DEFAULT_SECONDS = 30;

/** ToolHive's runner stops after at most 30 s (v0.12.5 and later). */
export const DEFAULT_GRACE_PERIOD_SECONDS = 30;

/**
 * Seconds to write for `sent`; 0 is a user's value and stays. `stored`: what an operator's update replaces. An operator that does not
 * know the field sends it unset, so a value that a user set on the Deployment is kept. Undefined if another client writes.
 */
export function gracePeriodOf(sent: unknown, configuredSeconds: number, stored?: unknown): unknown {
	if (!isUnset(sent)) return sent;
	return isUnset(stored) ? configuredSeconds : stored;
}

const isUnset = (seconds: unknown): boolean =>
	seconds === undefined || seconds === null || seconds === API_SERVER_DEFAULT_SECONDS;
