/** A cluster that is there, and an image that its nodes have. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Previous } from './previous.ts';

/** Something that only the caller can bring. The message is one line and says what. */
export class ClusterMissing extends Error {}

export interface PreparedCluster {
	/** For the tests. */
	readonly env: {
		readonly KUBECONFIG: string;
		readonly E2E_IMAGE: string;
		/** Where there is a previous version. */
		readonly E2E_PREVIOUS_IMAGE?: string;
		readonly E2E_PREVIOUS_MANIFESTS?: string;
	};
	readonly remove: () => Promise<void>;
}

export function useExisting(env: NodeJS.ProcessEnv, previous: Previous | undefined): PreparedCluster {
	const { KUBECONFIG, IMAGE, PREVIOUS_IMAGE } = env;
	if (!KUBECONFIG || !existsSync(KUBECONFIG))
		throw new ClusterMissing('CLUSTER=existing needs KUBECONFIG=, a file that leads to the cluster as its admin');
	if (!IMAGE) throw new ClusterMissing('CLUSTER=existing needs IMAGE=, a reference that the nodes have or can pull');
	const old = previous !== undefined && PREVIOUS_IMAGE ? asEnvironment(previous, PREVIOUS_IMAGE) : {};
	return { env: { KUBECONFIG, E2E_IMAGE: IMAGE, ...old }, remove: async () => undefined };
}

export const asEnvironment = ({ folder }: Previous, image: string) => ({
	E2E_PREVIOUS_IMAGE: image,
	E2E_PREVIOUS_MANIFESTS: join(folder, 'manifests'),
});

/** Throws where it is not in PATH. */
export function needProgram(name: string, env: NodeJS.ProcessEnv, args: readonly string[] = ['--help']): void {
	try {
		execFileSync(name, args, { env, stdio: 'ignore' });
	} catch (cause) {
		throw new ClusterMissing(`${name} is not there, or does not work: \`${name} ${args.join(' ')}\` fails`, { cause });
	}
}
