/** Prepares a cluster for tests: an existing one, or one that kind creates in docker. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findAssets } from '../../test/harness/control-plane/assets.ts';
import { runKubectl } from '../../test/harness/control-plane/kubectl.ts';
import { ROOT } from '../../test/harness/product.ts';

/** Reports a precondition that only the caller can meet. The message is one line. */
export class ClusterMissing extends Error {}

/** The environment of the caller, and the variables that the tests add. */
export interface ClusterEnvironment extends NodeJS.ProcessEnv {
	readonly KUBECONFIG: string;
	readonly KUBECTL: string;
	readonly E2E_IMAGE: string;
	/** A shell command that builds image $1 from folder $2 and loads it into the nodes. */
	readonly BUILD_IMAGE?: string;
	/** Undefined if there is no previous version. */
	readonly E2E_PREVIOUS_IMAGE?: string;
	readonly E2E_PREVIOUS_MANIFESTS?: string;
}

type Work<T> = (env: ClusterEnvironment) => Promise<T>;

/** Resolves with the result of `work`, or with undefined and exit code 2 if a precondition is not met. */
export async function withCluster<T>(
	command: string,
	env: NodeJS.ProcessEnv,
	hasUpgrade: boolean,
	work: Work<T>,
): Promise<T | undefined> {
	const scratch = mkdtempSync(join(tmpdir(), 'toolhive-scaling-cluster-'));
	try {
		const { CLUSTER = 'kind' } = env;
		if (CLUSTER !== 'kind' && CLUSTER !== 'existing')
			throw new ClusterMissing(`CLUSTER=${CLUSTER}: use kind or existing`);
		const previous = hasUpgrade ? previousTree(env, scratch) : undefined;
		return CLUSTER === 'kind' ? await withKind(env, scratch, previous, work) : await withExisting(env, previous, work);
	} catch (error) {
		if (!(error instanceof ClusterMissing)) throw error;
		process.stderr.write(`${command}: ${error.message}\n`);
		process.exitCode = 2;
		return undefined;
	} finally {
		await rm(scratch, { recursive: true, force: true });
	}
}

/** All objects that the tests create, replace and delete. */
const USED_BY_TESTS = [
	...['toolhive-system', 'toolhive-scaling', 'toolhive-scaling-e2e'].map((name) => `namespace/${name}`),
	'mutatingwebhookconfiguration/toolhive-scaling',
	'validatingwebhookconfiguration/toolhive-scaling',
	...['mcpservers', 'virtualmcpservers', 'mcpremoteproxies'].map((name) => `crd/${name}.toolhive.stacklok.dev`),
];

async function withExisting<T>(env: NodeJS.ProcessEnv, previous: string | undefined, work: Work<T>): Promise<T> {
	const { KUBECONFIG, IMAGE, PREVIOUS_IMAGE } = env;
	if (!KUBECONFIG || !existsSync(KUBECONFIG)) {
		const given = KUBECONFIG ? `; ${KUBECONFIG} does not exist` : '';
		throw new ClusterMissing(`CLUSTER=existing needs KUBECONFIG=, a kubeconfig with cluster-admin${given}`);
	}
	if (!IMAGE) throw new ClusterMissing('CLUSTER=existing needs IMAGE=, a reference that the nodes have or can pull');
	const KUBECTL = await findKubectl(env);
	const kubectl = (...args: string[]) => runKubectl(KUBECTL, KUBECONFIG, tmpdir(), args, { timeoutMs: 60_000 });
	const canI = await kubectl('auth', 'can-i', '*', '*', '--all-namespaces');
	if (canI.stdout.trim() !== 'yes') {
		const reason = canI.stderr.trim().split('\n').at(-1) || '`kubectl auth can-i` denies it';
		throw new ClusterMissing(`KUBECONFIG=${KUBECONFIG} has no cluster-admin permissions: ${reason}`);
	}
	const existing = await kubectl('get', '--ignore-not-found', '-o', 'name', ...USED_BY_TESTS);
	const names = existing.stdout.trim().split('\n').filter(Boolean);
	if (names.length > 0) {
		const reason = `the cluster has ${names.join(', ')}, which the tests would replace or delete`;
		throw new ClusterMissing(`${reason}; use a cluster that has no other use`);
	}
	try {
		return await work({ ...env, KUBECONFIG, KUBECTL, E2E_IMAGE: IMAGE, ...upgradeFrom(previous, PREVIOUS_IMAGE) });
	} finally {
		const { stdout } = await kubectl('get', 'crd', '-o', 'name');
		const crds = stdout.split('\n').filter((name) => name.endsWith('.toolhive.stacklok.dev'));
		if (crds.length > 0) await kubectl('delete', ...crds);
	}
}

const KIND_NAME = 'toolhive-scaling-e2e';
const KIND_PRODUCT_IMAGE = 'localhost/toolhive-scaling:e2e';
const KIND_PREVIOUS_IMAGE = 'localhost/toolhive-scaling:previous';
const KIND_LOAD = `kind load docker-image --name ${KIND_NAME}`;
const KIND_BUILD_IMAGE = `build() { docker build --tag "$1" "$2" && ${KIND_LOAD} "$1"; }; build`;
/** The cluster has two workers, so that the pods of the product can run on different nodes. */
const KIND_CONFIG = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes: [{ role: control-plane }, { role: worker }, { role: worker }]
`;

/** Creates a cluster with kind. KIND_IMAGE= selects the node image, which determines the Kubernetes version. */
async function withKind<T>(
	env: NodeJS.ProcessEnv,
	scratch: string,
	previous: string | undefined,
	work: Work<T>,
): Promise<T> {
	for (const command of ['docker info', 'kind version']) {
		if (spawnSync(command, { shell: true, env, stdio: 'ignore' }).status !== 0)
			throw new ClusterMissing(`\`${command}\` fails; CLUSTER=kind needs docker and kind`);
	}
	const KUBECONFIG = join(scratch, 'kubeconfig');
	const config = join(scratch, 'kind.yaml');
	writeFileSync(config, KIND_CONFIG);
	const name = ['--name', KIND_NAME];
	const node = env['KIND_IMAGE'] ? ['--image', env['KIND_IMAGE']] : [];
	const build = (tag: string, folder: string) => runShell(KIND_BUILD_IMAGE, [tag, folder], env);
	try {
		const files = ['--config', config, '--kubeconfig', KUBECONFIG];
		await runShell('kind create cluster', [...name, ...files, ...node, '--wait=180s'], env);
		await build(KIND_PRODUCT_IMAGE, ROOT);
		if (previous !== undefined) await build(KIND_PREVIOUS_IMAGE, previous);
		const upgrade = upgradeFrom(previous, KIND_PREVIOUS_IMAGE);
		const given = {
			KUBECONFIG,
			KUBECTL: await findKubectl(env),
			E2E_IMAGE: KIND_PRODUCT_IMAGE,
			BUILD_IMAGE: KIND_BUILD_IMAGE,
		};
		return await work({ ...env, ...given, ...upgrade });
	} finally {
		await runShell('kind delete cluster', name, env);
	}
}

const upgradeFrom = (folder: string | undefined, image: string | undefined) =>
	folder === undefined || !image
		? {}
		: { E2E_PREVIOUS_IMAGE: image, E2E_PREVIOUS_MANIFESTS: join(folder, 'manifests') };

/** Returns the folder with the tree of PREVIOUS or else of the last release, or undefined if there is no release. */
function previousTree(env: NodeJS.ProcessEnv, scratch: string): string | undefined {
	const ref = env['PREVIOUS'] || lastRelease();
	if (ref === undefined) return undefined;
	let tree: Buffer;
	try {
		tree = execFileSync('git', ['archive', ref], { cwd: ROOT, maxBuffer: 256 * 2 ** 20, stdio: 'pipe' });
	} catch (cause) {
		throw new ClusterMissing(`PREVIOUS=${ref} is not a tag or commit of this checkout`, { cause });
	}
	const folder = mkdtempSync(join(scratch, 'previous-'));
	execFileSync('tar', ['-x', '-C', folder], { input: tree });
	return folder;
}

function lastRelease(): string | undefined {
	try {
		// Excludes the current commit, because a release is upgraded from the release before it.
		const args = ['describe', '--tags', '--abbrev=0', '--match=v*', 'HEAD^'];
		return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
	} catch {
		return undefined;
	}
}

/** Returns KUBECTL=, else the first kubectl in PATH, else the kubectl of the tests' control plane. */
async function findKubectl(env: NodeJS.ProcessEnv): Promise<string> {
	if (env['KUBECTL'] !== undefined) return env['KUBECTL'];
	const folder = (env['PATH'] ?? '').split(delimiter).find((one) => existsSync(join(one, 'kubectl')));
	return join(folder ?? (await findAssets({ env, controllerManager: false, say: printProgress })).folder, 'kubectl');
}

export const printProgress = (line: string): void => void process.stderr.write(`${line}\n`);

/** Runs `command`, which may consist of several words. Shows only its stderr. */
export function runShell(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
	const child = spawn('bash', ['-c', `${command} "$@"`, 'command', ...args], {
		env,
		stdio: ['ignore', 'ignore', 'inherit'],
	});
	return new Promise((resolve, reject) => {
		child.once('error', reject);
		child.once('close', (code) =>
			code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')} ended with ${code}`)),
		);
	});
}
