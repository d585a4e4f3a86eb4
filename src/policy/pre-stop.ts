/**
 * A proxy that is stopped serves for some seconds more: kube-proxy sends it new connections for about a second, and ToolHive's runner
 * closes its listener at once on SIGTERM.
 */
import { isObject, type Json } from '../api/types.ts';

export const DEFAULT_PRE_STOP_SECONDS = 5;

/** ToolHive's runner drains for at most 30 s after SIGTERM (v0.12.5 and later); preStop comes before that. */
const RUNNER_DRAIN_SECONDS = 30;

/** The shortest grace period in which the runner is not killed while it drains; 0 if preStop is off. */
export const shortestGracePeriod = (preStopSeconds: number): number =>
	preStopSeconds === 0 ? 0 : preStopSeconds + RUNNER_DRAIN_SECONDS + 1;

/** The lifecycle to write for `sent`. In a grace period that is too short the sleep would shorten the drain, so it is not added. */
export const defaultLifecycle = (sent: unknown, preStopSeconds: number, graceSeconds: unknown): unknown =>
	sent == null && preStopSeconds > 0 && !isTooShort(graceSeconds, preStopSeconds)
		? { preStop: { sleep: { seconds: preStopSeconds } } }
		: sent;

/** Also for anything but a number, which the API server rejects. */
export const isTooShort = (graceSeconds: unknown, preStopSeconds: number): boolean =>
	typeof graceSeconds !== 'number' || graceSeconds < shortestGracePeriod(preStopSeconds);

/**
 * `sent`, or the `stored` sleep that an update without a lifecycle keeps. Any other stored lifecycle is a user's, who may remove it.
 * A configured sleep is dropped if the update lowers the grace period below it, which the API server would reject.
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

/** Seconds of a lifecycle that has a preStop sleep and nothing else. */
function sleepSecondsOf(lifecycle: unknown): number | undefined {
	const sleep = onlyPart(onlyPart(lifecycle, 'preStop'), 'sleep');
	const seconds = onlyPart(sleep, 'seconds');
	return typeof seconds === 'number' ? seconds : undefined;
}

/** `sent` without the sleep, if a patch merged another handler into the stored one: the API server allows only one. */
function handlerBeside(sent: unknown, storedSeconds: number): Json | undefined {
	if (!isObject(sent) || !isObject(sent['preStop'])) return undefined;
	const { sleep, ...others } = sent['preStop'];
	const isStored = isObject(sleep) && sleep['seconds'] === storedSeconds;
	return isStored && Object.keys(others).length > 0 ? { ...sent, preStop: others } : undefined;
}

const onlyPart = (value: unknown, key: string): unknown =>
	isObject(value) && Object.keys(value).length === 1 ? value[key] : undefined;
