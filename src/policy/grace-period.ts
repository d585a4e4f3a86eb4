/**
 * A proxy gets time to finish what it serves before it is killed.
 * Reads: terminationGracePeriodSeconds as sent, and as stored before an update.
 * Allows: any value but "not set", which reaches us either absent or as the API server's own default.
 */

/** Kubernetes' default for pods, filled in before any webhook runs; it cannot be told from an explicit 30. */
const API_SERVER_DEFAULT_SECONDS = 30;

/** preStop, the runner's drain, and 10 s of margin. */
export const DEFAULT_GRACE_PERIOD_SECONDS = 45;

/** Seconds to write for `sent`; 0 is a user's value and stays. */
export const gracePeriodOf = (sent: unknown, configuredSeconds: number): unknown =>
	isUnset(sent) ? configuredSeconds : sent;

/**
 * `sent`, or the `stored` value that an update without one keeps. An operator that does not know the field sends it unset, so a
 * value that a user set on the Deployment is kept. A person who unsets another value than the configured one is obeyed.
 */
export function keptGracePeriod(
	sent: unknown,
	stored: unknown,
	configuredSeconds: number,
	isByOperator: boolean,
): unknown {
	if (!isUnset(sent) || isUnset(stored)) return sent;
	return isByOperator || stored === configuredSeconds ? stored : sent;
}

const isUnset = (seconds: unknown): boolean =>
	seconds === undefined || seconds === null || seconds === API_SERVER_DEFAULT_SECONDS;
