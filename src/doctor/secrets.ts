/** Checks that the Secret of every passwordRef exists and has its key. Values of Secrets are never read. */
import type { SecretKeyRef, Server } from '../api/types.ts';
import { isObjectName } from '../objects/metadata.ts';
import { passwordEnvOf } from '../policy/redis-password.ts';
import { type CheckResult, fail, isForbidden, ok, someOf, statusOf, TRY_AGAIN, warn } from './check-result.ts';
import type { ClusterReader } from './cluster.ts';
import { namespaceFlag, serverArgs, shellWord } from './commands.ts';
import type { DoctorCheck } from './context.ts';

interface Reference extends SecretKeyRef {
	readonly server: Server;
}

/** Maximum number of parallel requests. */
const CONCURRENCY = 5;

export const checkSecrets: DoctorCheck = async ({ servers, cluster: { keysOfSecret } }) => {
	const references = (await servers()).flatMap((server): Reference[] => {
		const reference = passwordEnvOf(server)?.valueFrom?.secretKeyRef;
		return reference === undefined ? [] : [{ ...reference, server }];
	});
	const bySecret = [...Map.groupBy(references, ({ server, name }) => `${server.namespace}/${name}`)];
	const results: CheckResult[] = [];
	const forbidden: string[] = [];
	for (let start = 0; start < bySecret.length; start += CONCURRENCY) {
		const checks = bySecret.slice(start, start + CONCURRENCY).map(async ([secret, users]) => {
			try {
				results.push(...(await checkSecret(secret, users, keysOfSecret)));
			} catch (error) {
				if (isForbidden(error)) forbidden.push(secret);
				else results.push(cannotRead(secret, error as Error));
			}
		});
		await Promise.all(checks);
	}
	results.sort((one, other) => (one.subject < other.subject ? -1 : 1));
	if (forbidden.length > 0) results.push(areForbidden(forbidden));
	return results.length > 0 ? results : [allExist(bySecret.length)];
};

async function checkSecret(
	secret: string,
	references: readonly Reference[],
	keysOfSecret: ClusterReader['keysOfSecret'],
): Promise<CheckResult[]> {
	const [first] = references;
	if (first === undefined) return [];
	const { namespace } = first.server;
	const subject = `Secret ${secret}`;
	// The name comes from a server, which may contain any text, and it becomes part of a URL path.
	if (!isObjectName(first.name)) {
		return [
			fail(subject, `has a name that Kubernetes does not allow, and ${usersOf(references)} it`, editOf(first.server)),
		];
	}
	const keys = await keysOfSecret({ namespace, name: first.name });
	if (keys === undefined) {
		const wanted = [...new Set(references.map(({ key }) => key))];
		const files = wanted.map((key) => `--from-file=${shellWord(key)}=FILE`).join(' ');
		const create = `kubectl create secret generic ${shellWord(first.name)} ${namespaceFlag(namespace)} ${files}`;
		return [fail(subject, `does not exist, and ${usersOf(references)} it`, create)];
	}
	return [...Map.groupBy(references, ({ key }) => key)].flatMap(([key, users]): CheckResult[] => {
		const [user] = users;
		if (keys.includes(key) || user === undefined) return [];
		const has = keys.length === 0 ? 'it is empty' : `it has ${someOf(keys)}`;
		return [fail(subject, `has no key ${key} (${has}), and ${usersOf(users)} it`, editOf(user.server))];
	});
}

/** Returns `MCPServer web needs` or `MCPServer web and MCPServer api need`. */
function usersOf(references: readonly Reference[]): string {
	const names = references.map(({ server }) => `${server.kind} ${server.name}`);
	return `${someOf(names)} ${names.length === 1 ? 'needs' : 'need'}`;
}

const editOf = (server: Server): string =>
	`correct spec.sessionStorage.passwordRef: kubectl edit ${serverArgs(server)}`;

const areForbidden = (secrets: readonly string[]): CheckResult =>
	warn(
		secrets.length === 1 ? '1 password Secret' : `${secrets.length} password Secrets`,
		`${secrets.length === 1 ? 'was' : 'were'} not checked, because you lack the permission to read ${someOf([...secrets].sort())}`,
		'rerun with credentials that can get Secrets there',
	);

/** Omits the message of the API server, which may quote the Secret. */
const cannotRead = (secret: string, error: Error): CheckResult => {
	const status = statusOf(error);
	const reason = status === undefined ? error.message : `the API server returns ${status}`;
	return fail(`Secret ${secret}`, `cannot be read: ${reason}`, TRY_AGAIN);
};

function allExist(count: number): CheckResult {
	if (count === 0) return ok('no server', 'refers to a password Secret');
	return count === 1
		? ok('the password Secret', 'exists and has its key')
		: ok(`all ${count} password Secrets`, 'exist and have their keys');
}
