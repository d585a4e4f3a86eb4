/**
 * A proxy gets time to finish what it serves before it is killed.
 * Reads: terminationGracePeriodSeconds as sent.
 * Allows: any value but "not set", which reaches us either absent or as the API server's own default.
 */

/** Kubernetes' default for pods, filled in before any webhook runs; it cannot be told from an explicit 30. */
const API_SERVER_DEFAULT_SECONDS = 30;

/** ToolHive's runner stops after at most 30 s (v0.12.5 and later). */
export const DEFAULT_GRACE_PERIOD_SECONDS = 30;

/** Seconds to write for `sent`; 0 is a user's value and stays. */
export function gracePeriodOf(sent: unknown, configuredSeconds: number): unknown {
	return sent === undefined || sent === null || sent === API_SERVER_DEFAULT_SECONDS ? configuredSeconds : sent;
}
