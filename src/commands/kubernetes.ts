/** `serve` on a cluster that is older than the registrations are written for. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ApiError, type Connection } from '../cluster/connect.ts';
import { VERSION_PATH } from '../cluster/paths.ts';
import { isTooOld, kubernetesVersionOf, TOO_OLD } from '../toolhive/kubernetes.ts';
import { isObject } from '../toolhive/types.ts';

const RETRY_MS = 15_000;

/**
 * Says so in the log, and no more: the registrations are there, and who refuses to start has the API server refuse every write of
 * ToolHive's instead. Asks until there is an answer. A version that we may not see, or cannot read, is `doctor`'s to tell.
 */
export async function tellOldKubernetes({ get }: Pick<Connection, 'get'>, log: Pick<Logger, 'error'>): Promise<void> {
	for (;;) {
		try {
			const answer = await get(VERSION_PATH);
			const version = kubernetesVersionOf(answer);
			if (version === undefined || !isTooOld(version)) return;
			log.error({ version: isObject(answer) && answer['gitVersion'], ...TOO_OLD }, 'Kubernetes is too old');
			return;
		} catch (error) {
			if (error instanceof ApiError && error.status < 500) return;
			await sleep(RETRY_MS, undefined, { ref: false });
		}
	}
}
