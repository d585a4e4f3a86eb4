/** Runs the replacement for operator v0.12.5 beside a control plane. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../control-plane/start.ts';
import { createOldOperator } from './old-operator.ts';

/** It has no watches. More rounds would fill the audit log with writes that change nothing. */
const PAUSE_MS = 3_000;

/** Reconciles one namespace until the result is called. vMCP has a newer image, because v0.12.5 has no Redis configuration. */
export function startOldOperator(plane: ControlPlane, namespace: string): () => Promise<void> {
	const operator = createOldOperator({
		url: plane.url,
		ca: readFileSync(plane.caFile, 'utf8'),
		token: plane.token('operator'),
		namespace,
		images: { vmcp: 'ghcr.io/stacklok/toolhive/vmcp:v0.16.0' },
	});
	let isStopped = false;
	const rounds = (async () => {
		while (!isStopped) {
			// One round. The next round repeats writes that failed.
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
