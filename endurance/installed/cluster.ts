/** Gives an existing cluster the interface of a test control plane: users with tokens, kubectl, and an address. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { USERS, type User, writeKubeconfig } from '../../test/harness/control-plane/credentials.ts';
import { runKubectl } from '../../test/harness/control-plane/kubectl.ts';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { mustSucceed } from '../../test/harness/product.ts';

const TEST_NAMESPACE = 'toolhive-scaling-e2e';
const TOKEN_LIFETIME = '8h';

/**
 * ServiceAccounts that replace the users. The product has its own account, and the controllers belong to the cluster.
 */
const ACCOUNTS = {
	admin: { namespace: TEST_NAMESPACE, name: 'admin' },
	person: { namespace: TEST_NAMESPACE, name: 'person' },
	operator: { namespace: 'toolhive-system', name: 'toolhive-operator' },
};
type Account = keyof typeof ACCOUNTS;

/**
 * Creates the users, all of which are cluster-admin, and writes kubeconfigs to `folder`. At the end, the caller must
 * remove `folder` and call `stop`.
 */
export async function openCluster(
	{ KUBECONFIG = '', KUBECTL = 'kubectl' }: NodeJS.ProcessEnv,
	folder: string,
): Promise<ControlPlane> {
	const run = async (args: readonly string[], input?: string): Promise<string> => {
		const running = runKubectl(KUBECTL, KUBECONFIG, folder, args, input === undefined ? {} : { input });
		return (await mustSucceed(running)).stdout;
	};
	const { clusters } = JSON.parse(await run(['config', 'view', '--minify', '--raw', '--flatten', '-o', 'json'])) as {
		clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
	};
	const { server = '', 'certificate-authority-data': ca = '' } = clusters[0]?.cluster ?? {};
	const caFile = join(folder, 'ca.crt');
	writeFileSync(caFile, Buffer.from(ca, 'base64'));

	const objects = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: accountObjects() });
	await run(['apply', '-f', '-'], objects);
	const users = new Map<User, { token: string; kubeconfig: string }>();
	for (const [user, { namespace, name }] of Object.entries(ACCOUNTS) as [Account, (typeof ACCOUNTS)[Account]][]) {
		const created = await run(['-n', namespace, 'create', 'token', name, `--duration=${TOKEN_LIFETIME}`]);
		const token = created.trim();
		users.set(user, { token, kubeconfig: writeKubeconfig(folder, user, server, caFile, token) });
	}
	const find = (user: User) => {
		const found = users.get(user);
		if (found === undefined) throw new Error(`${USERS[user].name} has no credentials in an existing cluster`);
		return found;
	};
	const reject = (): never => {
		throw new Error('the API server of an existing cluster cannot be stopped or started');
	};
	return {
		url: server,
		caFile,
		etcdUrl: '',
		dataFolder: folder,
		token: (user) => find(user).token,
		kubeconfig: (user) => find(user).kubeconfig,
		kubectl: (args, how = {}) => runKubectl(KUBECTL, find(how.user ?? 'person').kubeconfig, folder, args, how),
		pids: () => [],
		auditLog: () => readFileSync(process.env['AUDIT_LOG'] ?? '', 'utf8'),
		stopApiServer: reject,
		startApiServer: reject,
		stop: async () => void (await run(['delete', '--ignore-not-found', '-f', '-'], objects)),
	};
}

function accountObjects(): object[] {
	const accounts = Object.values(ACCOUNTS);
	const namespaces = new Set(accounts.map(({ namespace }) => namespace));
	return [
		...[...namespaces].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
		...accounts.map((metadata) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata })),
		{
			apiVersion: 'rbac.authorization.k8s.io/v1',
			kind: 'ClusterRoleBinding',
			metadata: { name: TEST_NAMESPACE },
			roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
			subjects: accounts.map((account) => ({ kind: 'ServiceAccount', ...account })),
		},
	];
}
