/** A cluster that is there, and an image that its nodes have. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runKubectl } from '../../test/harness/control-plane/kubectl.ts';
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
	if (!KUBECONFIG || !existsSync(KUBECONFIG)) {
		const given = KUBECONFIG ? `; ${KUBECONFIG} is not there` : '';
		throw new ClusterMissing(
			`CLUSTER=existing needs KUBECONFIG=, a file that leads to the cluster as its admin${given}`,
		);
	}
	if (!IMAGE) throw new ClusterMissing('CLUSTER=existing needs IMAGE=, a reference that the nodes have or can pull');
	const old = previous !== undefined && PREVIOUS_IMAGE ? asEnvironment(previous, PREVIOUS_IMAGE) : {};
	return { env: { KUBECONFIG, E2E_IMAGE: IMAGE, ...old }, remove: async () => undefined };
}

/** What the stories make, replace and delete. Whoever has it already would lose it. */
const OURS_ALONE = [
	...['toolhive-system', 'toolhive-scaling', 'toolhive-scaling-e2e'].map((name) => `namespace/${name}`),
	'mutatingwebhookconfiguration/toolhive-scaling',
	'validatingwebhookconfiguration/toolhive-scaling',
	...['mcpservers', 'virtualmcpservers', 'mcpremoteproxies'].map((name) => `crd/${name}.toolhive.stacklok.dev`),
];

/** Throws where the cluster does not answer as to its admin, or where somebody uses it. */
export async function needUnused(kubectl: string, env: NodeJS.ProcessEnv): Promise<void> {
	const { KUBECONFIG = '' } = env;
	const run = (...args: string[]) => runKubectl(kubectl, KUBECONFIG, tmpdir(), args, { timeoutMs: 30_000 });
	const may = await run('auth', 'can-i', '*', '*', '--all-namespaces');
	if (may.stdout.trim() !== 'yes') {
		const reason = may.stderr.trim().split('\n').at(-1) || 'it does not let us do everything';
		throw new ClusterMissing(`KUBECONFIG=${KUBECONFIG} does not lead to a cluster as its admin: ${reason}`);
	}
	const found = await run('get', '--ignore-not-found', '-o', 'name', ...OURS_ALONE);
	const there = found.stdout.trim().split('\n').filter(Boolean);
	if (there.length > 0) {
		throw new ClusterMissing(
			`the cluster has ${there.join(', ')}, which this would replace or delete; take a cluster that nobody uses`,
		);
	}
}

/** Ours and the operator's: none was there before (needUnused). */
export async function removeCrds(kubectl: string, { KUBECONFIG }: PreparedCluster['env']): Promise<void> {
	const run = (...args: string[]) => runKubectl(kubectl, KUBECONFIG, tmpdir(), args, { timeoutMs: 60_000 });
	const { stdout } = await run('get', 'crd', '-o', 'name');
	const crds = stdout.split('\n').filter((name) => name.endsWith('.toolhive.stacklok.dev'));
	if (crds.length > 0) await run('delete', ...crds);
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
