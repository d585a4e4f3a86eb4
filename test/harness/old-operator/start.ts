/** Runs the replacement for operator v0.12.5 against a control plane. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../control-plane/start.ts';
import { createOldOperator, type OldOperatorOptions } from './old-operator.ts';

/**
 * The replacement polls, because it has no watches. A shorter pause would fill the audit log with writes that change
 * nothing.
 */
const PAUSE_MS = 3_000;

/**
 * Reconciles one namespace until the caller calls the returned function. The vMCP image is newer by default, because
 * vMCP v0.12.5 does not support Redis.
 */
export function startOldOperator(
	plane: ControlPlane,
	namespace: string,
	images: OldOperatorOptions['images'] = { vmcp: 'ghcr.io/stacklok/toolhive/vmcp:v0.16.0' },
): () => Promise<void> {
	const operator = createOldOperator({
		url: plane.url,
		ca: readFileSync(plane.caFile, 'utf8'),
		token: plane.token('operator'),
		namespace,
		images,
	});
	let isStopped = false;
	const rounds = (async () => {
		while (!isStopped) {
			// The timeout of 0 limits `settle` to one round. Errors are ignored, because the next round repeats failed
			// writes.
			await operator.settle(0).catch(() => undefined);
			await sleep(PAUSE_MS);
		}
	})();
	return async () => {
		isStopped = true;
		await rounds;
		await operator.close();
	};
}
