/** Users of the test API server, and the files with their credentials. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubeconfigText } from '../kubeconfig.ts';

/** Members of this group bypass RBAC. */
const ALL_PERMISSIONS = 'system:masters';

/** Maps the user names in tests to the user names and groups at the API server. */
export const USERS = {
	admin: { name: 'admin', groups: [ALL_PERMISSIONS] },
	/** The ServiceAccount of the operator. */
	operator: {
		name: 'system:serviceaccount:toolhive-system:toolhive-operator',
		groups: ['system:serviceaccounts', 'system:serviceaccounts:toolhive-system', ALL_PERMISSIONS],
	},
	/** A user of kubectl. */
	person: { name: 'person', groups: [ALL_PERMISSIONS] },
	/**
	 * The ServiceAccount of toolhive-scaling. A test must apply the RBAC of toolhive-scaling before this user has any
	 * permissions.
	 */
	webhook: {
		name: 'system:serviceaccount:toolhive-scaling:toolhive-scaling',
		groups: ['system:serviceaccounts', 'system:serviceaccounts:toolhive-scaling'],
	},
	/** The user of kube-controller-manager, whose permissions are built into every API server. */
	controllerManager: { name: 'system:kube-controller-manager', groups: [] },
} as const satisfies Record<string, { readonly name: string; readonly groups: readonly string[] }>;

export type User = keyof typeof USERS;
export const USER_LIST = Object.keys(USERS) as readonly User[];

/** Writes a token file and a signing key for ServiceAccount tokens into `folder`. */
export function createCredentials(folder: string) {
	const random = USER_LIST.map((user) => [user, randomBytes(24).toString('hex')]);
	const tokens: Readonly<Record<User, string>> = Object.fromEntries(random);
	const lines = USER_LIST.map((user) => {
		const { name, groups } = USERS[user];
		// kube-apiserver reads an empty fourth column as one group with an empty name.
		return [tokens[user], name, user, ...(groups.length > 0 ? [`"${groups.join(',')}"`] : [])].join(',');
	});
	const tokenFile = join(folder, 'tokens.csv');
	writeFileSync(tokenFile, `${lines.join('\n')}\n`, { mode: 0o600 });
	const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
	const serviceAccountKeyFile = join(folder, 'service-account.key');
	// The format is SEC 1, because kube-apiserver also reads the public key from this file and finds none in PKCS 8.
	writeFileSync(serviceAccountKeyFile, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
	return { tokenFile, serviceAccountKeyFile, tokens };
}

/** Writes `<user>.kubeconfig` into `folder` and returns its path. */
export function writeKubeconfig(folder: string, user: User, url: string, caFile: string, token: string): string {
	const path = join(folder, `${user}.kubeconfig`);
	writeFileSync(path, kubeconfigText(url, readFileSync(caFile, 'utf8'), token), { mode: 0o600 });
	return path;
}
