/** `serve` on a cluster that is older than the registrations are written for. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { isTooOld, kubernetesVersionOf, TOO_OLD } from '../api/kubernetes.ts';
import { isObject } from '../api/types.ts';
import { ApiError, type Connection } from '../cluster/connect.ts';
import { VERSION_PATH } from '../cluster/paths.ts';
import type { Settings } from '../policy/settings.ts';

const RETRY_MS = 1_000;
const HIDDEN: ReadonlySet<number> = new Set([401, 403, 404]);

export interface Kubernetes {
	/** False until the API server has answered. */
	readonly isKnown: () => boolean;
	/** `settings` as far as this Kubernetes has them: it refuses a pod template with a sleep action that it does not know. */
	readonly settings: Settings;
}

/**
 * Says so in the log, and no more: the registrations are there, and who refuses to start has the API server refuse every write of
 * ToolHive's instead. Asks until there is an answer. A version that we may not see, or cannot read, is `doctor`'s to tell.
 */
export function watchKubernetes(
	connection: Pick<Connection, 'get'>,
	settings: Settings,
	log: Pick<Logger, 'error'>,
): Kubernetes {
	let isOld: boolean | undefined;
	void isOldKubernetes(connection, log).then((found) => {
		isOld = found;
	});
	return {
		isKnown: () => isOld !== undefined,
		settings: {
			...settings,
			get preStopSeconds() {
				return isOld === false ? settings.preStopSeconds : 0;
			},
		},
	};
}

async function isOldKubernetes({ get }: Pick<Connection, 'get'>, log: Pick<Logger, 'error'>): Promise<boolean> {
	for (;;) {
		try {
			const answer = await get(VERSION_PATH);
			const version = kubernetesVersionOf(answer);
			if (version === undefined || !isTooOld(version)) return false;
			log.error({ version: isObject(answer) && answer['gitVersion'], ...TOO_OLD }, 'Kubernetes is too old');
			return true;
		} catch (error) {
			// Whoever may not see the version may still write templates; anything else is asked again.
			if (error instanceof ApiError && HIDDEN.has(error.status)) return false;
			await sleep(RETRY_MS, undefined, { ref: false });
		}
	}
}
