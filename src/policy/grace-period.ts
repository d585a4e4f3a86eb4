/** Gives a proxy time to finish its requests before it is killed. */

/**
 * The Kubernetes default for Pods. The API server sets this default before any webhook runs, so an explicit 30 looks
 * the same.
 */
const API_SERVER_DEFAULT_SECONDS = 30;

/** The default is the sum of the preStop sleep (5 s), the runner's drain (30 s) and a margin (10 s). */
export const DEFAULT_GRACE_PERIOD_SECONDS = 45;

/** Returns the seconds to write for `sent`. 0 is a value and stays. */
export const defaultGracePeriod = (sent: unknown, configuredSeconds: number): unknown =>
	isDefault(sent) ? configuredSeconds : sent;

/**
 * Returns `sent`, or for an update without a value the `stored` one: an operator that does not know the field sends it
 * unset. Another client may unset any value except the configured one.
 */
export function keptGracePeriod(
	sent: unknown,
	stored: unknown,
	configuredSeconds: number,
	isByOperator: boolean,
): unknown {
	if (!isDefault(sent) || isDefault(stored)) return sent;
	return isByOperator || stored === configuredSeconds ? stored : sent;
}

const isDefault = (seconds: unknown): boolean => (seconds ?? API_SERVER_DEFAULT_SECONDS) === API_SERVER_DEFAULT_SECONDS;
