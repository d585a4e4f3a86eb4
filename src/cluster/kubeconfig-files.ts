/**
 * Reads kubeconfig files as kubectl does. The loader of `@kubernetes/client-node` fails if a file in KUBECONFIG is
 * missing or if two files have the same entry. That loader also resolves the paths of tokenFile and exec against the
 * working directory.
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve, sep } from 'node:path';
import { parse } from 'yaml';
import { encodingOf } from '../api/encoding.ts';
import { isObject, type Json } from '../api/types.ts';
import type { EnvironmentVariables } from './service-account.ts';

/** The entries that one context refers to. */
export interface Entries {
	/** The files that were read, for messages. */
	readonly files: string;
	readonly contextName: string;
	readonly context: Json;
	readonly cluster: Json;
	/** The name of the user, or undefined if the context names none. */
	readonly userName: string | undefined;
	readonly user: Json;
}

type List = 'clusters' | 'users' | 'contexts';

interface KubeconfigFile extends Readonly<Record<List, ReadonlyMap<string, Json>>> {
	readonly path: string;
	readonly currentContext: string;
}

/**
 * Reads the file `path`, else the files in KUBECONFIG, else ~/.kube/config. Throws an error with a message of one line.
 */
export async function readEntries(
	path: string | undefined,
	wantedContext: string | undefined,
	env: EnvironmentVariables,
): Promise<Entries> {
	const named = path === undefined ? (env['KUBECONFIG'] ?? '').split(delimiter).filter((one) => one !== '') : [path];
	const paths = named.length > 0 ? named : [join(env['HOME'] || homedir(), '.kube', 'config')];
	const read: KubeconfigFile[] = [];
	for (const one of new Set(paths)) read.push(...(await readKubeconfig(one)));
	if (read.length === 0) throw new Error(missing(paths, named.length > 0));
	const files = read.map((file) => file.path).join(delimiter);
	// Like kubectl, uses the first of several entries with the same name.
	const find = (list: List, name: string): Json | undefined =>
		read.map((file) => file[list].get(name)).find((entry) => entry !== undefined);

	const contextName = wantedContext ?? (read.map((file) => file.currentContext).find((name) => name !== '') || '');
	if (contextName === '') {
		const choose = 'kubectl config get-contexts lists them, kubectl config use-context chooses one';
		throw new Error(`no current-context in ${files}: ${choose}`);
	}
	const context = find('contexts', contextName);
	if (context === undefined) {
		const names = new Set(read.flatMap((file) => [...file.contexts.keys()]));
		const known = [...names].map((name) => JSON.stringify(name)).join(', ') || 'none';
		throw new Error(`no context ${JSON.stringify(contextName)} in ${files}; contexts: ${known}`);
	}
	const inContext = `context ${JSON.stringify(contextName)} of ${files}`;
	const inList = (list: List, key: 'cluster' | 'user'): Json | undefined => {
		const name = context[key] ?? '';
		if (name === '') return undefined;
		const found = find(list, String(name));
		if (found !== undefined) return found;
		throw new Error(
			`${inContext} names ${key} ${JSON.stringify(name)}, which is not in ${list}: add it, or correct the name`,
		);
	};
	const cluster = inList('clusters', 'cluster');
	if (cluster === undefined) throw new Error(`${inContext} names no cluster: set it with kubectl config set-context`);
	const user = inList('users', 'user');
	return {
		files,
		contextName,
		context,
		cluster,
		userName: user === undefined ? undefined : String(context['user']),
		user: user ?? {},
	};
}

const missing = (paths: readonly string[], isNamed: boolean): string =>
	isNamed
		? `file not found (ENOENT): ${paths.join(', ')}; correct --kubeconfig or KUBECONFIG`
		: `KUBECONFIG is not set and there is no file ${paths.join()}; name one with --kubeconfig`;

/** Resolves with an empty list if there is no such file. */
async function readKubeconfig(path: string): Promise<[] | [KubeconfigFile]> {
	const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
		if (error.code !== 'ENOENT') throw error;
	});
	if (bytes === undefined) return [];
	const config = parsed(path, new TextDecoder(encodingOf(bytes)).decode(bytes));
	return [
		{
			path,
			currentContext: String(config['current-context'] ?? ''),
			clusters: entriesOf(path, config, 'clusters', 'cluster'),
			users: entriesOf(path, config, 'users', 'user'),
			contexts: entriesOf(path, config, 'contexts', 'context'),
		},
	];
}

function entriesOf(path: string, config: Json, list: List, key: string): Map<string, Json> {
	const items = config[list] ?? [];
	if (!Array.isArray(items)) throw new Error(`${path}: ${list} is not a list`);
	const entries = new Map<string, Json>();
	for (const [index, item] of items.entries()) {
		const name: unknown = isObject(item) ? item['name'] : undefined;
		const value: unknown = isObject(item) ? (item[key] ?? {}) : undefined;
		if ((typeof name !== 'string' && typeof name !== 'number') || !isObject(value)) {
			throw new Error(`${path}: ${list}[${index}] is not an object with name and ${key}`);
		}
		if (entries.has(String(name))) throw new Error(`${path}: ${list} has ${JSON.stringify(name)} twice: remove one`);
		entries.set(String(name), withAbsolutePaths(value, dirname(resolve(path))));
	}
	return entries;
}

function parsed(file: string, text: string): Json {
	let config: unknown;
	try {
		config = parse(text, { merge: true, logLevel: 'error' });
	} catch (error) {
		// The parser's message has more lines, which show the position.
		const [reason = ''] = (error as Error).message.split('\n', 1);
		throw new Error(`${file} is not YAML: ${reason.replace(/:$/, '')}`, { cause: error });
	}
	if (config === null || config === undefined) return {};
	if (isObject(config)) return config;
	throw new Error(`${file} is not a kubeconfig: want an object with clusters, users and contexts`);
}

const PATH_FIELDS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/** Like kubectl, resolves paths relative to the kubeconfig. A program without a slash is found in PATH. */
function withAbsolutePaths(entry: Json, folder: string): Json {
	const absolute = (value: unknown): unknown =>
		typeof value === 'string' && value !== '' ? resolve(folder, value) : value;
	const paths = PATH_FIELDS.filter((field) => field in entry).map((field) => [field, absolute(entry[field])]);
	const { exec } = entry;
	const hasPath = isObject(exec) && typeof exec['command'] === 'string' && exec['command'].includes(sep);
	return {
		...entry,
		...Object.fromEntries(paths),
		...(hasPath && { exec: { ...exec, command: absolute(exec['command']) } }),
	};
}
