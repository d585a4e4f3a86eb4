/** Runs the replacement for operator v0.12.5 against a control plane. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../control-plane/start.ts';
import { DEFAULT_IMAGES, type Images } from './kinds.ts';
import { createOldOperator } from './old-operator.ts';

/** The vMCP image is newer than the operator, because vMCP v0.12.5 does not support Redis. */
const WITH_REDIS: Images = { ...DEFAULT_IMAGES, vmcp: 'ghcr.io/stacklok/toolhive/vmcp:v0.16.0' };

/**
 * Reconciles one namespace until the caller calls the returned function. The replacement polls, because it has no
 * watches. A shorter pause than the default would fill an audit log with writes that change nothing.
 */
export function startOldOperator(
	plane: ControlPlane,
	namespace: string,
	{ images = WITH_REDIS, pauseMs = 3_000 }: { images?: Images; pauseMs?: number } = {},
): () => Promise<void> {
	const operator = createOldOperator(plane, namespace, { images });
	let isStopped = false;
	const rounds = (async () => {
		while (!isStopped) {
			// The timeout of 0 limits `settle` to one round. Errors are ignored, because the next round repeats failed
			// writes.
			await operator.settle(0).catch(() => undefined);
			await sleep(pauseMs);
		}
	})();
	return async () => {
		isStopped = true;
		await rounds;
		operator.close();
	};
}
