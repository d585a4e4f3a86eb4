/** A cluster that is there, and an image that its nodes have. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Something that only the caller can bring. The message is one line and says what. */
export class ClusterMissing extends Error {}

export interface PreparedCluster {
	/** For the tests. */
	readonly env: { readonly KUBECONFIG: string; readonly E2E_IMAGE: string };
	readonly remove: () => Promise<void>;
}

export function useExisting(env: NodeJS.ProcessEnv): PreparedCluster {
	const { KUBECONFIG, IMAGE } = env;
	if (!KUBECONFIG || !existsSync(KUBECONFIG))
		throw new ClusterMissing('CLUSTER=existing needs KUBECONFIG=, a file that leads to the cluster as its admin');
	if (!IMAGE) throw new ClusterMissing('CLUSTER=existing needs IMAGE=, a reference that the nodes have or can pull');
	needProgram('kubectl', env);
	return { env: { KUBECONFIG, E2E_IMAGE: IMAGE }, remove: async () => undefined };
}

/** Throws where it is not in PATH. */
export function needProgram(name: string, env: NodeJS.ProcessEnv, args: readonly string[] = ['--help']): void {
	try {
		execFileSync(name, args, { env, stdio: 'ignore' });
	} catch (cause) {
		throw new ClusterMissing(`${name} is not there, or does not work: \`${name} ${args.join(' ')}\` fails`, { cause });
	}
}
