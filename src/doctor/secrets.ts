/** The Secrets that passwordRefs name: there, and with that key. Never what is in them. */

import { KINDS } from '../api/names.ts';
import type { SecretKeyRef, Server } from '../api/types.ts';
import { isObjectName } from '../objects/metadata.ts';
import { passwordEnvOf } from '../policy/redis-password.ts';
import { type CheckResult, fail, isForbidden, ok, shellWord, someOf, statusOf, warn } from './check-result.ts';
import type { ClusterReader } from './cluster.ts';

interface Reference extends SecretKeyRef {
	readonly server: Server;
}

/** Secrets that are asked for at one time. */
const AT_ONCE = 5;

export async function secrets(
	servers: readonly Server[],
	keysOfSecret: ClusterReader['keysOfSecret'],
): Promise<CheckResult[]> {
	const references = servers.flatMap((server): Reference[] => {
		const reference = passwordEnvOf(server)?.valueFrom?.secretKeyRef;
		return reference === undefined ? [] : [{ ...reference, server }];
	});
	const bySecret = [...Map.groupBy(references, ({ server, name }) => `${server.namespace}/${name}`)];
	const sayings: CheckResult[] = [];
	const forbidden: string[] = [];
	for (let start = 0; start < bySecret.length; start += AT_ONCE) {
		const looks = bySecret.slice(start, start + AT_ONCE).map(async ([secret, users]) => {
			try {
				sayings.push(...(await judge(secret, users, keysOfSecret)));
			} catch (error) {
				if (isForbidden(error)) forbidden.push(secret);
				else sayings.push(cannotRead(secret, error as Error));
			}
		});
		await Promise.all(looks);
	}
	sayings.sort((one, other) => (one.subject < other.subject ? -1 : 1));
	if (forbidden.length > 0) sayings.push(cannotLook(forbidden));
	return sayings.length > 0 ? sayings : [allThere(bySecret.length)];
}

async function judge(
	secret: string,
	references: readonly Reference[],
	keysOfSecret: ClusterReader['keysOfSecret'],
): Promise<CheckResult[]> {
	const [first] = references;
	if (first === undefined) return [];
	const { namespace } = first.server;
	const subject = `Secret ${secret}`;
	// It goes into a path, and nothing checked it: in a server it is any text.
	if (!isObjectName(first.name)) {
		return [fail(subject, `cannot exist by that name, and ${usersOf(references)} it`, editOf(first.server))];
	}
	const keys = await keysOfSecret({ namespace, name: first.name });
	if (keys === undefined) {
		const wanted = [...new Set(references.map(({ key }) => key))];
		const files = wanted.map((key) => `--from-file=${shellWord(key)}=FILE`).join(' ');
		const create = `kubectl create secret generic ${shellWord(first.name)} -n ${shellWord(namespace)} ${files}`;
		return [fail(subject, `is not there, and ${usersOf(references)} it`, create)];
	}
	return [...Map.groupBy(references, ({ key }) => key)].flatMap(([key, users]): CheckResult[] => {
		const [user] = users;
		if (keys.includes(key) || user === undefined) return [];
		const has = keys.length === 0 ? 'it is empty' : `it has ${someOf(keys)}`;
		return [fail(subject, `has no key ${key} (${has}), and ${usersOf(users)} it`, editOf(user.server))];
	});
}

/** `MCPServer web needs`, `MCPServer web and MCPServer api need` */
function usersOf(references: readonly Reference[]): string {
	const names = references.map(({ server }) => `${server.kind} ${server.name}`);
	return `${someOf(names)} ${names.length === 1 ? 'needs' : 'need'}`;
}

const editOf = ({ kind, namespace, name }: Server): string =>
	`mend spec.sessionStorage.passwordRef: kubectl edit ${KINDS[kind].singular} ${shellWord(name)} -n ${shellWord(namespace)}`;

const cannotLook = (secrets: readonly string[]): CheckResult =>
	warn(
		secrets.length === 1 ? '1 password Secret' : `${secrets.length} password Secrets`,
		`may not be looked at by you: ${someOf([...secrets].sort())}`,
		'run it as somebody who may get Secrets there',
	);

/** In our words: what a server says of a Secret may quote it. */
const cannotRead = (secret: string, error: Error): CheckResult => {
	const status = statusOf(error);
	const reason = status === undefined ? error.message : `the API server answers ${status}`;
	return fail(`Secret ${secret}`, `cannot be read: ${reason}`, 'try again; see that the API server is well');
};

function allThere(count: number): CheckResult {
	if (count === 0) return ok('no server', 'names a password Secret');
	return count === 1
		? ok('the password Secret', 'is there, with its key')
		: ok(`all ${count} password Secrets`, 'are there, with their keys');
}
