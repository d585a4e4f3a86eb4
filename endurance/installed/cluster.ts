/**
 * A cluster that is there already, in the shape in which the tests know a control plane: users with tokens of their own, kubectl,
 * and the API server's address. Only what a stranger's cluster cannot do is missing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { USER_LIST, USERS, type User, writeKubeconfig } from '../../test/harness/control-plane/credentials.ts';
import { type KubectlOptions, type KubectlResult, runKubectl } from '../../test/harness/control-plane/kubectl.ts';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';

/** Where the ServiceAccounts live that stand for people. The operator has its own. */
export const TEST_NAMESPACE = 'toolhive-scaling-e2e';
const TOKEN_LIFE = '8h';

/** Identities that can be had by a ServiceAccount; the product brings its own, and the controllers are the cluster's. */
const ACCOUNTS: Partial<Record<User, { readonly namespace: string; readonly name: string }>> = {
	admin: { namespace: TEST_NAMESPACE, name: 'admin' },
	person: { namespace: TEST_NAMESPACE, name: 'person' },
	operator: { namespace: 'toolhive-system', name: 'toolhive-operator' },
};

/** Makes the identities, all of them cluster-admin. `folder` gets kubeconfigs; remove it, and call `stop`, when done. */
export async function useCluster(kubeconfig: string, folder: string): Promise<ControlPlane> {
	const kubectlPath = process.env['KUBECTL'] ?? 'kubectl';
	const kubectl = (args: readonly string[], how: KubectlOptions = {}): Promise<KubectlResult> =>
		runKubectl(kubectlPath, kubeconfig, folder, args, how);
	const must = async (args: readonly string[], input?: object): Promise<string> => {
		const { code, stdout, stderr } = await kubectl(args, input === undefined ? {} : { input: JSON.stringify(input) });
		if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
		return stdout;
	};

	const { clusters } = JSON.parse(await must(['config', 'view', '--minify', '--raw', '--flatten', '-o', 'json'])) as {
		clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
	};
	const cluster = clusters[0]?.cluster ?? { server: '', 'certificate-authority-data': '' };
	const caFile = join(folder, 'ca.crt');
	writeFileSync(caFile, Buffer.from(cluster['certificate-authority-data'], 'base64'));

	await must(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'List', items: identities() });
	const tokens = new Map<User, string>();
	const kubeconfigs = new Map<User, string>();
	for (const user of USER_LIST) {
		const account = ACCOUNTS[user];
		if (account === undefined) continue;
		const created = await must(['-n', account.namespace, 'create', 'token', account.name, `--duration=${TOKEN_LIFE}`]);
		tokens.set(user, created.trim());
		kubeconfigs.set(user, writeKubeconfig(folder, user, cluster.server, caFile, created.trim()));
	}
	const known = <T>(what: ReadonlyMap<User, T>, user: User): T => {
		const found = what.get(user);
		if (found === undefined) throw new Error(`nobody can be ${USERS[user].name} on a cluster that was there before`);
		return found;
	};
	const cannot = (what: string) => (): never => {
		throw new Error(`${what}: not on a cluster that was there before`);
	};
	return {
		url: cluster.server,
		caFile,
		etcdUrl: '',
		dataFolder: folder,
		token: (user) => known(tokens, user),
		kubeconfig: (user) => known(kubeconfigs, user),
		kubectl: (args, how = {}) => runKubectl(kubectlPath, known(kubeconfigs, how.user ?? 'person'), folder, args, how),
		pids: () => [],
		auditLog: () => readFileSync(process.env['AUDIT_LOG'] ?? '', 'utf8'),
		stopApiServer: cannot('stopping the API server'),
		startApiServer: cannot('starting the API server'),
		stop: async () =>
			void (await kubectl(['delete', '--ignore-not-found', '-f', '-'], {
				input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: identities() }),
			})),
	};
}

function identities(): object[] {
	const accounts = Object.values(ACCOUNTS);
	const namespaces = [...new Set(accounts.map(({ namespace }) => namespace))];
	return [
		...namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
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
