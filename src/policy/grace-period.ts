/** A proxy gets time to finish its requests before it is killed. */

/** Kubernetes' default for pods, which the API server fills in before any webhook runs: an explicit 30 looks the same. */
const API_SERVER_DEFAULT_SECONDS = 30;

/** preStop, the runner's drain, and 10 s of margin. */
export const DEFAULT_GRACE_PERIOD_SECONDS = 45;

/** The seconds to write for `sent`. 0 is a value and stays. */
export const defaultGracePeriod = (sent: unknown, configuredSeconds: number): unknown =>
	isDefault(sent) ? configuredSeconds : sent;

/**
 * `sent`, or the `stored` value that an update without one keeps: an operator that does not know the field sends it unset. Another
 * client may unset any value except the configured one.
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
