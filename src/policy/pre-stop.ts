/**
 * Keeps a stopped proxy serving for some seconds. kube-proxy sends it new connections for about a second after the
 * stop, and ToolHive's runner closes its listener as soon as it receives SIGTERM.
 */
import { isObject, type Json } from '../api/types.ts';

export const DEFAULT_PRE_STOP_SECONDS = 5;

/** ToolHive's runner drains for at most 30 s after SIGTERM (v0.12.5 and later). The preStop sleep precedes SIGTERM. */
const RUNNER_DRAIN_SECONDS = 30;

/** Returns the shortest grace period that covers the drain of the runner, or 0 if preStop is off. */
export const shortestGracePeriod = (preStopSeconds: number): number =>
	preStopSeconds === 0 ? 0 : preStopSeconds + RUNNER_DRAIN_SECONDS + 1;

/**
 * Returns the lifecycle to write for `sent`. If the grace period is too short, the sleep would shorten the drain, so it
 * is not added.
 */
export const defaultLifecycle = (sent: unknown, preStopSeconds: number, graceSeconds: unknown): unknown =>
	sent == null && preStopSeconds > 0 && !isTooShort(graceSeconds, preStopSeconds)
		? { preStop: { sleep: { seconds: preStopSeconds } } }
		: sent;

/** Whether the grace period is too short for preStop, or not a number, which the API server rejects. */
export const isTooShort = (graceSeconds: unknown, preStopSeconds: number): boolean =>
	typeof graceSeconds !== 'number' || graceSeconds < shortestGracePeriod(preStopSeconds);

/**
 * Returns `sent`, or for an update without a lifecycle the `stored` sleep. Any other stored lifecycle belongs to a
 * user, who may remove it. A configured sleep is dropped if the update lowers the grace period below it, because the
 * API server would reject that.
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
	if (typeof graceSeconds !== 'number' || graceSeconds <= storedSeconds)
		return isConfigured && sleepSecondsOf(sent) === storedSeconds ? undefined : sent;
	return sent == null && (isByOperator || isConfigured) ? stored : sent;
}

/** Returns the seconds of a lifecycle that has a preStop sleep and nothing else. */
function sleepSecondsOf(lifecycle: unknown): number | undefined {
	const sleep = onlyPart(onlyPart(lifecycle, 'preStop'), 'sleep');
	const seconds = onlyPart(sleep, 'seconds');
	return typeof seconds === 'number' ? seconds : undefined;
}

/**
 * Removes the sleep from `sent` if a patch merged another handler into the stored one, because the API server allows
 * only one handler.
 */
function handlerBeside(sent: unknown, storedSeconds: number): Json | undefined {
	if (!isObject(sent) || !isObject(sent['preStop'])) return undefined;
	const { sleep, ...others } = sent['preStop'];
	const isStored = isObject(sleep) && sleep['seconds'] === storedSeconds;
	return isStored && Object.keys(others).length > 0 ? { ...sent, preStop: others } : undefined;
}

const onlyPart = (value: unknown, key: string): unknown =>
	isObject(value) && Object.keys(value).length === 1 ? value[key] : undefined;
