/** Who may talk to the test API server, and the files that say so. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A name for use in tests, and what the API server knows the user as. */
export const USERS = {
	/** May do everything, past RBAC. */
	admin: { name: 'admin', groups: ['system:masters'] },
	/** The operator's own identity; cluster-admin through a binding. */
	operator: {
		name: 'system:serviceaccount:toolhive-system:toolhive-operator',
		groups: ['system:serviceaccounts', 'system:serviceaccounts:toolhive-system'],
	},
	/** Somebody at a keyboard; cluster-admin through a binding. */
	person: { name: 'person', groups: [] },
	/** Our product's identity, with no rights until a test applies the product's own RBAC. */
	webhook: {
		name: 'system:serviceaccount:toolhive-scaling:toolhive-scaling',
		groups: ['system:serviceaccounts', 'system:serviceaccounts:toolhive-scaling'],
	},
	/** kube-controller-manager; its rights are built into every API server. */
	controllerManager: { name: 'system:kube-controller-manager', groups: [] },
} as const satisfies Record<string, { readonly name: string; readonly groups: readonly string[] }>;

export type User = keyof typeof USERS;
export const USER_LIST = Object.keys(USERS) as readonly User[];

export interface Credentials {
	readonly tokenFile: string;
	readonly serviceAccountKeyFile: string;
	readonly tokens: Readonly<Record<User, string>>;
}

/** Writes a token file and a key that signs ServiceAccount tokens into `folder`. */
export function createCredentials(folder: string): Credentials {
	const tokens = Object.fromEntries(USER_LIST.map((user) => [user, randomBytes(24).toString('hex')])) as Record<
		User,
		string
	>;
	const lines = USER_LIST.map((user) => {
		const { name, groups } = USERS[user];
		// An empty fourth column would be one group whose name is empty.
		return [tokens[user], name, user, ...(groups.length > 0 ? [`"${groups.join(',')}"`] : [])].join(',');
	});
	const tokenFile = join(folder, 'tokens.csv');
	writeFileSync(tokenFile, `${lines.join('\n')}\n`, { mode: 0o600 });
	const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
	const serviceAccountKeyFile = join(folder, 'service-account.key');
	// SEC 1, because kube-apiserver also reads the public half from this file and does not find it in PKCS 8.
	writeFileSync(serviceAccountKeyFile, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
	return { tokenFile, serviceAccountKeyFile, tokens };
}

/** Writes `<user>.kubeconfig` into `folder` and returns its path. JSON is YAML, so every client reads it. */
export function writeKubeconfig(folder: string, user: User, url: string, caFile: string, token: string): string {
	const ca = readFileSync(caFile).toString('base64');
	const config = {
		apiVersion: 'v1',
		kind: 'Config',
		clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority-data': ca } }],
		users: [{ name: user, user: { token } }],
		contexts: [{ name: user, context: { cluster: 'test', user } }],
		'current-context': user,
	};
	const path = join(folder, `${user}.kubeconfig`);
	writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
	return path;
}

/** Everybody who is cluster-admin through RBAC, as one binding each. */
export const adminBindings = (): object[] =>
	(['operator', 'person'] as const).map((user) => ({
		apiVersion: 'rbac.authorization.k8s.io/v1',
		kind: 'ClusterRoleBinding',
		metadata: { name: `test-${user}` },
		roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
		subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: USERS[user].name }],
	}));
