/** Runs a real etcd, kube-apiserver and, on request, kube-controller-manager on 127.0.0.1 for tests. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApi } from '../api.ts';
import { type Assets, CONTROLLER_MANAGER, findAssets } from './assets.ts';
import { createCredentials, USER_LIST, type User, writeKubeconfig } from './credentials.ts';
import { type KubectlOptions, type KubectlResult, runKubectl } from './kubectl.ts';
import { freePorts, type RunningProgram, startProgram, waitUntilReady } from './processes.ts';

export type { User } from './credentials.ts';
export type { KubectlOptions, KubectlResult } from './kubectl.ts';

interface ControlPlaneOptions {
	/**
	 * Whether to run kube-controller-manager (ReplicaSets, garbage collection, HPAs …). The cluster has no nodes, so
	 * pods never run.
	 */
	readonly controllerManager?: boolean;
	/** The programs to run. By default, `findAssets` provides them. */
	readonly assets?: Assets;
	readonly apiServerArgs?: readonly string[];
	/** An audit.k8s.io/v1 Policy. `auditLog` then returns the events that the API server recorded. */
	readonly auditPolicy?: object;
	readonly say?: (line: string) => void;
}

export type ControlPlane = Awaited<ReturnType<typeof startControlPlane>>;

const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 15_000;

/**
 * Starts all programs. Resolves when `/readyz` returns 200, after about 4 s. If a program does not become ready, throws
 * an error with the path of its log.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}) {
	const withControllers = options.controllerManager ?? false;
	const say = options.say ?? ((line: string) => void process.stderr.write(`${line}\n`));
	const assets = options.assets ?? (await findAssets({ env: process.env, controllerManager: withControllers, say }));
	const dataFolder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-control-plane-'));
	const certFolder = join(dataFolder, 'certs');
	mkdirSync(certFolder);
	const caFile = join(certFolder, 'apiserver.crt');
	const credentials = createCredentials(dataFolder);
	const [etcdPort = 0, peerPort = 0, apiPort = 0] = await freePorts(3);
	const url = `https://127.0.0.1:${apiPort}`;
	const etcdUrl = `http://127.0.0.1:${etcdPort}`;
	const auditFile = join(dataFolder, 'audit.log');
	const auditArgs = options.auditPolicy === undefined ? [] : auditTo(auditFile, options.auditPolicy, dataFolder);
	const running = new Map<string, RunningProgram>();

	const start = (name: string, path: string, args: readonly string[]): RunningProgram => {
		const program = startProgram(name, path, args, join(dataFolder, `${name}.log`));
		running.set(name, program);
		return program;
	};
	const end = async (name: string, graceMs = STOP_GRACE_MS): Promise<void> => {
		await running.get(name)?.stop(graceMs);
		running.delete(name);
	};
	const token = (user: User): string => credentials.tokens[user];
	const kubeconfig = (user: User): string => join(dataFolder, `${user}.kubeconfig`);
	const isReady = async (): Promise<boolean> => {
		if (!existsSync(caFile)) return false;
		const api = openApi({ url, caFile, token });
		const { status } = await api.send('GET', '/readyz', { timeoutMs: 5_000 }).catch(() => ({ status: 0 }));
		api.close();
		return status === 200;
	};

	const startEtcd = async (): Promise<void> => {
		const peerUrl = `http://127.0.0.1:${peerPort}`;
		const etcd = start('etcd', join(assets.folder, 'etcd'), [
			...['--unsafe-no-fsync', `--data-dir=${join(dataFolder, 'etcd')}`, '--log-level=warn'],
			...[`--listen-client-urls=${etcdUrl}`, `--advertise-client-urls=${etcdUrl}`],
			...[`--listen-peer-urls=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`],
			`--initial-cluster=default=${peerUrl}`,
		]);
		const health = () => fetch(`${etcdUrl}/health`).catch(() => ({ ok: false }));
		await waitUntilReady(etcd, async () => (await health()).ok, READY_TIMEOUT_MS);
	};
	const startApiServer = async (): Promise<void> => {
		if (running.has('kube-apiserver')) return;
		const key = credentials.serviceAccountKeyFile;
		const apiServer = start('kube-apiserver', assets.apiServer ?? join(assets.folder, 'kube-apiserver'), [
			`--etcd-servers=${etcdUrl}`,
			`--cert-dir=${certFolder}`,
			'--bind-address=127.0.0.1',
			`--secure-port=${apiPort}`,
			'--authorization-mode=RBAC',
			`--token-auth-file=${credentials.tokenFile}`,
			'--service-account-issuer=https://localhost',
			`--service-account-signing-key-file=${key}`,
			`--service-account-key-file=${key}`,
			'--service-cluster-ip-range=10.0.0.0/24',
			'--allow-privileged=true',
			// OpenShift enables this plugin by default. The default plugins of Kubernetes stay enabled.
			'--enable-admission-plugins=OwnerReferencesPermissionEnforcement',
			// Without kube-controller-manager, no ServiceAccount `default` exists and this plugin rejects all Pods.
			...(withControllers ? [] : ['--disable-admission-plugins=ServiceAccount']),
			...auditArgs,
			...(options.apiServerArgs ?? []),
		]);
		await waitUntilReady(apiServer, isReady, READY_TIMEOUT_MS);
	};
	const startControllers = (): void => {
		start(CONTROLLER_MANAGER, assets.controllerManager ?? '', [
			`--kubeconfig=${kubeconfig('controllerManager')}`,
			`--root-ca-file=${caFile}`,
			`--service-account-private-key-file=${credentials.serviceAccountKeyFile}`,
			'--use-service-account-credentials=true',
			'--leader-elect=false',
			'--secure-port=0',
		]);
	};
	const stop = async (): Promise<void> => {
		// etcd stops last, because kube-apiserver hangs at shutdown if etcd is not running.
		for (const name of [CONTROLLER_MANAGER, 'kube-apiserver', 'etcd']) await end(name);
		await rm(dataFolder, { recursive: true, force: true });
	};

	try {
		await startEtcd();
		await startApiServer();
		for (const user of USER_LIST) writeKubeconfig(dataFolder, user, url, caFile, token(user));
		if (withControllers) startControllers();
	} catch (error) {
		// The logs are kept, because the error message refers to them.
		for (const name of [...running.keys()].reverse()) await end(name);
		throw error;
	}
	return {
		/** URL of the API server, in the form `https://127.0.0.1:PORT`. */
		url,
		caFile,
		/** URL of etcd, for requests that the API server does not offer. */
		etcdUrl,
		/** Folder that contains the logs, one file per program. */
		dataFolder,
		token,
		/** Returns the path of a kubeconfig for the user. */
		kubeconfig,
		/** Runs kubectl as `user`, by default `person`. Resolves even if kubectl fails; the caller must check `code`. */
		kubectl: (args: readonly string[], how: KubectlOptions & { readonly user?: User } = {}): Promise<KubectlResult> =>
			runKubectl(join(assets.folder, 'kubectl'), kubeconfig(how.user ?? 'person'), dataFolder, args, how),
		/** Returns the audit log, with one JSON event per line. The log is empty if no audit policy is set. */
		auditLog: (): string => (existsSync(auditFile) ? readFileSync(auditFile, 'utf8') : ''),
		/** Returns the PIDs of the running programs. */
		pids: (): number[] => [...running.values()].map((program) => program.pid),
		/** Stops the API server, and kills it after `graceMs`. The default is 15 s; 0 kills the API server immediately. */
		stopApiServer: (graceMs?: number): Promise<void> => end('kube-apiserver', graceMs),
		/** Restarts a stopped API server with the same port, certificate and data. Resolves when it is ready. */
		startApiServer,
		/** Stops all programs and removes the data folder. May be called more than once. */
		stop,
	};
}

function auditTo(logFile: string, policy: object, folder: string): string[] {
	const policyFile = join(folder, 'audit-policy.json');
	writeFileSync(policyFile, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', ...policy }));
	// The large maximum size prevents rotation, because `auditLog` reads only one file.
	return [`--audit-policy-file=${policyFile}`, `--audit-log-path=${logFile}`, '--audit-log-maxsize=1024'];
}
