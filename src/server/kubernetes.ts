/** Runs `serve` on a Kubernetes version that is too old for the webhook configurations. */
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
	/** False until the API server has responded. */
	readonly isKnown: () => boolean;
	/**
	 * The settings without those that this Kubernetes version rejects: before 1.30 a pod template may not have a sleep
	 * action.
	 */
	readonly settings: Settings;
}

/**
 * Logs an error if Kubernetes is too old, but serves nevertheless: otherwise the API server would reject every write of
 * ToolHive. Retries until there is a response. `doctor` reports a version that is forbidden or cannot be parsed.
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
			// Without permission to read the version, pod templates can still be written. Any other error is retried.
			if (error instanceof ApiError && HIDDEN.has(error.status)) return false;
			await sleep(RETRY_MS, undefined, { ref: false });
		}
	}
}
