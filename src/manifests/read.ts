/** Files, folders and stdin as texts that can be read more than once. */
import { createReadStream, type Dirent, type Stats } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decode, MOST_BYTES, UnusableBytes } from './decode.ts';
import { documentsIn, type Source } from './documents.ts';
import { NO_MANIFEST } from './manifest.ts';
import { broken, isUnreviewed, mentionsToolhive, type Problem, type Skipped } from './problem.ts';

export interface Input {
	/** As it was named, or found below a folder that was. */
	readonly name: string;
	/** All of it. Throws what reasonOf understands. */
	readonly bytes: () => Promise<Uint8Array>;
	/** Found in a folder, where other things may lie beside the manifests. */
	readonly isFound: boolean;
}

export const STDIN = '<stdin>';

/** Every input behind `paths` (`-` is `stdin`), each once and without the file that `isOutput`, in the order of their names within a folder. */
export async function inputsOf(
	paths: readonly string[],
	stdin: () => AsyncIterable<Uint8Array>,
	isOutput: (found: Stats) => boolean = () => false,
): Promise<(Input | Problem | Skipped)[]> {
	const inputs: (Input | Problem | Skipped)[] = [];
	const seen = new Set<string>();
	const add = async (file: string, isFound: boolean): Promise<void> => {
		const found = await stat(file);
		if (isOutput(found)) {
			inputs.push({ file, skipped: 'this is where the report goes' });
			return;
		}
		const key = found.isFile() ? await realpath(file) : file;
		if (seen.has(key)) return;
		seen.add(key);
		// What is no file of the disk, such as <(helm template …), can be read only once.
		const read = () => (found.size > MOST_BYTES || !found.isFile() ? readAll(createReadStream(file)) : readFile(file));
		inputs.push(found.isFile() ? { name: file, bytes: read, isFound } : kept(file, await read()));
	};
	/** What is wrong with one path does not hide the others. */
	const orProblem = async (path: string, work: () => Promise<void>): Promise<void> => {
		try {
			await work();
		} catch (error) {
			inputs.push({ file: path, problem: reasonOf(error) });
		}
	};
	const addFolder = async (folder: string): Promise<void> => {
		const entries = await readdir(folder, { withFileTypes: true });
		const isChart = entries.some(({ name }) => name === 'Chart.yaml');
		for (const entry of entries.sort(byName)) {
			if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
			const path = join(folder, entry.name);
			if (entry.isDirectory() && isChart && entry.name === 'templates') {
				inputs.push({ file: path, skipped: 'templates of a Helm chart; review what `helm template` prints' });
			} else if (entry.isDirectory()) await orProblem(path, () => addFolder(path));
			else if (MANIFEST_FILE.test(entry.name) && !isSpecial(entry)) await orProblem(path, () => add(path, true));
		}
	};
	for (const path of paths) {
		await orProblem(path, async () => {
			if (path === '-') {
				if (!seen.has(path)) inputs.push(kept(STDIN, await readAll(stdin())));
				seen.add(path);
			} else if ((await stat(path)).isDirectory()) {
				const before = inputs.length + seen.size;
				await addFolder(path);
				if (inputs.length + seen.size === before) {
					inputs.push({ file: path, problem: 'no *.yaml, *.yml or *.json in this folder' });
				}
			} else await add(path, false);
		});
	}
	return inputs;
}

/** The documents of `input`. What is not reviewed is reported in its place. */
export async function* sourcesIn({ name, bytes, isFound }: Input): AsyncGenerator<Source | Problem | Skipped> {
	let whole: Uint8Array | undefined;
	try {
		whole = await bytes();
		const text = decode(whole);
		// The bytes are not needed while the documents are read.
		whole = undefined;
		for (const source of documentsIn(name, text)) {
			if (!isFound || isUnreviewed(source) || mayBeManifest(source.text)) yield source;
			else yield { file: name, line: source.line, skipped: NO_MANIFEST };
		}
	} catch (error) {
		const problem = { file: name, problem: reasonOf(error) };
		// In whatever encoding: UTF-16 has a zero beside each letter.
		const mentions = () =>
			mentionsToolhive(
				Buffer.from(whole ?? [])
					.toString('latin1')
					.replaceAll('\0', ''),
			);
		yield error instanceof UnusableBytes ? broken(problem, mentions()) : problem;
	}
}

/** Both words somewhere: most other files of a repository need no parsing to be passed over. */
const mayBeManifest = (text: string): boolean =>
	mentionsToolhive(text) || (/\bkind["']?\s*:/.test(text) && /\bapiVersion["']?\s*:/.test(text));

/** The bytes as one, or the first of them that are already too many for `decode`. */
export async function readAll(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
	const chunks: Uint8Array[] = [];
	let size = 0;
	for await (const chunk of bytes) {
		chunks.push(chunk);
		size += chunk.length;
		if (size > MOST_BYTES) break;
	}
	return Buffer.concat(chunks);
}

const kept = (name: string, bytes: Uint8Array): Input => ({ name, isFound: false, bytes: async () => bytes });

const MANIFEST_FILE = /\.(ya?ml|json)$/i;

const byName = (a: Dirent, b: Dirent): number => (a.name < b.name ? -1 : 1);

/** A pipe or a socket that lies in a folder: nobody may ever write into it. */
const isSpecial = (entry: Dirent): boolean => !entry.isFile() && !entry.isSymbolicLink();

/** Why something cannot be read, for the caller. */
export function reasonOf(error: unknown): string {
	switch ((error as NodeJS.ErrnoException).code) {
		case 'ENOENT':
			return 'there is no such file or folder';
		case 'EACCES':
		case 'EPERM':
			return 'it may not be read: permission denied';
		case 'EISDIR':
			return 'it is a folder; name the files in it';
		case 'ELOOP':
			return 'it is a link that leads back to itself';
		default:
			return (error as Error).message;
	}
}
