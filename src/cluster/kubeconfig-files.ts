/**
 * The entries that one context of the kubeconfig files names, found as kubectl finds them. The loader of `@kubernetes/client-node`
 * fails for a missing file of a list and for an entry that two files have, and takes relative paths for those of the working folder.
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve, sep } from 'node:path';
import { parse } from 'yaml';
import { encodingOf } from '../api/encoding.ts';
import { isObject, type Json } from '../api/types.ts';
import type { Environment } from './service-account.ts';

export interface Entries {
	/** Files that were read, for messages. */
	readonly files: string;
	readonly contextName: string;
	readonly context: Json;
	readonly cluster: Json;
	/** Undefined if the context names none. */
	readonly userName: string | undefined;
	readonly user: Json;
}

/** An entry of a list, and the folder that its relative paths start from. */
interface Entry {
	readonly value: Json;
	readonly folder: string;
}

type Merged = Readonly<Record<'clusters' | 'users' | 'contexts', Map<string, Entry>>>;

const LISTS = [
	['clusters', 'cluster'],
	['users', 'user'],
	['contexts', 'context'],
] as const;

/** Of the file `path`; without it of those in KUBECONFIG, else of ~/.kube/config. Throws an error of one line. */
export async function readEntries(
	path: string | undefined,
	wantedContext: string | undefined,
	env: Environment,
): Promise<Entries> {
	const listed = path === undefined ? (env['KUBECONFIG'] ?? '').split(delimiter).filter((one) => one !== '') : [path];
	const paths = listed.length > 0 ? listed : [join(env['HOME'] || homedir(), '.kube', 'config')];
	const merged: Merged = { clusters: new Map(), users: new Map(), contexts: new Map() };
	let current = '';
	const read: string[] = [];
	for (const file of new Set(paths)) {
		const text = await textOf(file);
		if (text === undefined) continue;
		read.push(file);
		const own = merge(merged, file, text);
		current ||= own;
	}
	if (read.length === 0) throw new Error(missing(paths, listed.length > 0));
	const files = read.join(delimiter);
	const contextName = wantedContext ?? current;
	if (contextName === '') {
		const choose = 'kubectl config get-contexts lists them, kubectl config use-context chooses one';
		throw new Error(`no current-context in ${files}: ${choose}`);
	}
	const context = merged.contexts.get(contextName)?.value;
	if (context === undefined) {
		const known = [...merged.contexts.keys()].map((name) => JSON.stringify(name)).join(', ') || 'none';
		throw new Error(`no context ${JSON.stringify(contextName)} in ${files}; contexts: ${known}`);
	}
	const inContext = `context ${JSON.stringify(contextName)} of ${files}`;
	const named = (list: 'clusters' | 'users', key: 'cluster' | 'user'): Entry | undefined => {
		const name = context[key];
		if (name === undefined || name === null || name === '') return undefined;
		const found = merged[list].get(String(name));
		if (found !== undefined) return found;
		throw new Error(
			`${inContext} names ${key} ${JSON.stringify(name)}, which is not in ${list}: add it, or correct the name`,
		);
	};
	const cluster = named('clusters', 'cluster');
	if (cluster === undefined) throw new Error(`${inContext} names no cluster: set it with kubectl config set-context`);
	const user = named('users', 'user');
	return {
		files,
		contextName,
		context,
		cluster: withAbsolutePaths(cluster, ['certificate-authority']),
		userName: user === undefined ? undefined : String(context['user']),
		user: user === undefined ? {} : withAbsolutePaths(user, ['client-certificate', 'client-key', 'tokenFile']),
	};
}

async function textOf(file: string): Promise<string | undefined> {
	try {
		const bytes = await readFile(file);
		return new TextDecoder(encodingOf(bytes)).decode(bytes);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
}

const missing = (paths: readonly string[], isNamed: boolean): string =>
	isNamed
		? `file not found (ENOENT): ${paths.join(', ')}; correct --kubeconfig or KUBECONFIG`
		: `KUBECONFIG is not set and there is no file ${paths.join()}; name one with --kubeconfig`;

/** Adds the entries of a file whose names are new. Returns its current-context. */
function merge(merged: Merged, file: string, text: string): string {
	const config = parsed(file, text);
	const folder = dirname(resolve(file));
	for (const [list, key] of LISTS) {
		const items = config[list] ?? [];
		if (!Array.isArray(items)) throw new Error(`${file}: ${list} is not a list`);
		const own = new Set<string>();
		for (const [index, item] of items.entries()) {
			const name: unknown = isObject(item) ? item['name'] : undefined;
			const value: unknown = isObject(item) ? (item[key] ?? {}) : undefined;
			if ((typeof name !== 'string' && typeof name !== 'number') || !isObject(value)) {
				throw new Error(`${file}: ${list}[${index}] is not an object with name and ${key}`);
			}
			if (own.has(String(name))) throw new Error(`${file}: ${list} has ${JSON.stringify(name)} twice: remove one`);
			own.add(String(name));
			if (!merged[list].has(String(name))) merged[list].set(String(name), { value, folder });
		}
	}
	return String(config['current-context'] ?? '');
}

function parsed(file: string, text: string): Json {
	let config: unknown;
	try {
		config = parse(text, { merge: true, logLevel: 'error' });
	} catch (error) {
		// The parser adds lines that show the place.
		const [reason = ''] = (error as Error).message.split('\n', 1);
		throw new Error(`${file} is not YAML: ${reason.replace(/:$/, '')}`, { cause: error });
	}
	if (config === null || config === undefined) return {};
	if (isObject(config)) return config;
	throw new Error(`${file} is not a kubeconfig: want an object with clusters, users and contexts`);
}

/** Relative to the file that names them, as kubectl has it; a program without a slash is found in PATH. */
function withAbsolutePaths({ value, folder }: Entry, fields: readonly string[]): Json {
	const isPath = (field: string, path: unknown): path is string =>
		fields.includes(field) && typeof path === 'string' && path !== '';
	const absolute: Json = Object.fromEntries(
		Object.entries(value).map(([field, path]) => [field, isPath(field, path) ? resolve(folder, path) : path]),
	);
	const { exec } = value;
	if (!isObject(exec) || typeof exec['command'] !== 'string' || !exec['command'].includes(sep)) return absolute;
	return { ...absolute, exec: { ...exec, command: resolve(folder, exec['command']) } };
}
