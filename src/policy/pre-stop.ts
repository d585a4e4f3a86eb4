/**
 * A proxy that is stopped goes on serving for some seconds, because kube-proxy sends it new connections for about a second more and
 * ToolHive's runner closes its listener at once on SIGTERM.
 * Reads: lifecycle of the proxy container as sent, and as stored before an update; the grace period.
 * Allows: any lifecycle that is set.
 */
import { isObject, type Json } from '../api/types.ts';

export const DEFAULT_PRE_STOP_SECONDS = 5;

/** ToolHive's runner drains for at most 30 s after SIGTERM (v0.12.5 and later); preStop comes before that. */
const RUNNER_DRAIN_SECONDS = 30;

/** The shortest grace period in which the runner is not killed while it drains. Any will do if preStop is off. */
export const shortestGracePeriod = (preStopSeconds: number): number =>
	preStopSeconds === 0 ? 0 : preStopSeconds + RUNNER_DRAIN_SECONDS + 1;

/** The lifecycle to write for `sent`. Nothing is added if the grace period is too short: the sleep would be taken from the drain. */
export const lifecycleOf = (sent: unknown, preStopSeconds: number, graceSeconds: unknown): unknown =>
	isUnset(sent) && preStopSeconds > 0 && !isTooShort(graceSeconds, preStopSeconds) ? sleepFor(preStopSeconds) : sent;

/** Anything but a number is for the API server to refuse. */
export const isTooShort = (graceSeconds: unknown, preStopSeconds: number): boolean =>
	typeof graceSeconds !== 'number' || graceSeconds < shortestGracePeriod(preStopSeconds);

/**
 * `sent`, or the `stored` sleep that an update without a lifecycle keeps; another stored lifecycle is a user's, who may remove it.
 * A configured sleep is dropped if the update lowers the grace period below it, which the API server would refuse.
 */
export function keptLifecycle(
	sent: unknown,
	stored: unknown,
	preStopSeconds: number,
	graceSeconds: unknown,
	isByOperator: boolean,
): unknown {
	const storedSeconds = sleepSecondsOf(stored);
	if (storedSeconds === undefined) return sent;
	const added = handlerBeside(sent, storedSeconds);
	if (added !== undefined) return added;
	const isConfigured = storedSeconds === preStopSeconds;
	if (!isAbove(graceSeconds, storedSeconds))
		return isConfigured && sleepSecondsOf(sent) === storedSeconds ? undefined : sent;
	return isUnset(sent) && (isByOperator || isConfigured) ? stored : sent;
}

const isUnset = (lifecycle: unknown): boolean => lifecycle === undefined || lifecycle === null;

const isAbove = (graceSeconds: unknown, preStopSeconds: number): boolean =>
	typeof graceSeconds === 'number' && graceSeconds > preStopSeconds;

const sleepFor = (seconds: number): Json => ({ preStop: { sleep: { seconds } } });

/** Seconds of a lifecycle that is a preStop sleep and nothing else, as the product writes it. */
function sleepSecondsOf(lifecycle: unknown): number | undefined {
	const sleep = onlyPart(onlyPart(lifecycle, 'preStop'), 'sleep');
	const seconds = onlyPart(sleep, 'seconds');
	return typeof seconds === 'number' ? seconds : undefined;
}

/** `sent` without the sleep, if a patch merged another handler beside the stored one: the API server allows one. */
function handlerBeside(sent: unknown, storedSeconds: number): Json | undefined {
	if (!isObject(sent) || !isObject(sent['preStop'])) return undefined;
	const { sleep, ...others } = sent['preStop'];
	const isStored = isObject(sleep) && sleep['seconds'] === storedSeconds;
	return isStored && Object.keys(others).length > 0 ? { ...sent, preStop: others } : undefined;
}

const onlyPart = (value: unknown, key: string): unknown =>
	isObject(value) && Object.keys(value).length === 1 ? value[key] : undefined;
