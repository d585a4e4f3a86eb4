/** Finds files and reads them. A file can be read more than once. */
import { createReadStream, type Dirent, type Stats } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { encodingOf } from '../api/encoding.ts';
import { documentsIn, type Source } from './documents.ts';
import { NO_MANIFEST } from './manifest.ts';
import { broken, isUnreviewed, mentionsToolhive, type Problem, type Skipped } from './problem.ts';

export interface Input {
	/** The name as the user gave it, or the path below a folder that the user named. */
	readonly name: string;
	/** Reads the content. Throws an error that `reasonOf` can explain. */
	readonly bytes: () => Promise<Uint8Array>;
	/** Whether the file was found in a folder, which may also contain unrelated files. */
	readonly isFound: boolean;
}

export const STDIN = '<stdin>';

/**
 * Returns the files of `paths` (`-` is `stdin`), each once, sorted by name within a folder. Skips the file for which
 * `isOutput` is true.
 */
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
			inputs.push({ file, skipped: 'the report is written to this file' });
			return;
		}
		const key = found.isFile() ? await realpath(file) : file;
		if (seen.has(key)) return;
		seen.add(key);
		// A pipe, such as <(helm template …), can be read only once, so its content is kept.
		const read = () => (found.size > MAX_BYTES || !found.isFile() ? readAll(createReadStream(file)) : readFile(file));
		inputs.push(found.isFile() ? { name: file, bytes: read, isFound } : kept(file, await read()));
	};
	/** Reports a path that cannot be read and continues with the others. */
	const orProblem = async (path: string, work: () => Promise<void>): Promise<void> => {
		try {
			await work();
		} catch (error) {
			inputs.push({ file: path, problem: reasonOf(error) });
		}
	};
	/**
	 * Adds the manifests below `folder`. Returns whether a manifest exists there, even if another path has already added
	 * it.
	 */
	const addFolder = async (folder: string): Promise<boolean> => {
		let hasManifest = false;
		const entries = await readdir(folder, { withFileTypes: true });
		const isChart = entries.some(({ name }) => name === 'Chart.yaml');
		for (const entry of entries.sort(byName)) {
			if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
			const path = join(folder, entry.name);
			if (entry.isDirectory() && isChart && entry.name === 'templates') {
				inputs.push({ file: path, skipped: 'templates of a Helm chart; review the output of `helm template`' });
			} else if (entry.isDirectory()) {
				await orProblem(path, async () => {
					if (await addFolder(path)) hasManifest = true;
				});
			} else if (MANIFEST_FILE.test(entry.name) && !isSpecial(entry)) {
				hasManifest = true;
				await orProblem(path, () => add(path, true));
			}
		}
		return hasManifest;
	};
	for (const path of paths) {
		await orProblem(path, async () => {
			if (path === '-') {
				if (!seen.has(path)) inputs.push(kept(STDIN, await readAll(stdin())));
				seen.add(path);
			} else if ((await stat(path)).isDirectory()) {
				const before = inputs.length;
				if (!(await addFolder(path)) && inputs.length === before) {
					inputs.push({ file: path, problem: 'no *.yaml, *.yml or *.json in this folder' });
				}
			} else await add(path, false);
		});
	}
	return inputs;
}

/** Yields the documents of `input`, and the reason for each part that is not reviewed. */
export async function* sourcesIn({ name, bytes, isFound }: Input): AsyncGenerator<Source | Problem | Skipped> {
	let text: string;
	try {
		text = decode(await bytes());
	} catch (error) {
		const problem = { file: name, problem: reasonOf(error) };
		yield error instanceof UnusableBytes ? broken(problem, error.isAboutServers) : problem;
		return;
	}
	for (const source of documentsIn(name, text)) {
		if (!isFound || isUnreviewed(source) || mayBeManifest(source.text)) yield source;
		else yield { file: name, line: source.line, skipped: NO_MANIFEST };
	}
}

/** A cheap test that avoids parsing most other files of a repository. */
const mayBeManifest = (text: string): boolean =>
	mentionsToolhive(text) || (/\bkind["']?\s*:/.test(text) && /\bapiVersion["']?\s*:/.test(text));

/** Reads at most as many bytes as `decode` accepts. */
export async function readAll(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
	const chunks: Uint8Array[] = [];
	let size = 0;
	for await (const chunk of bytes) {
		chunks.push(chunk);
		size += chunk.length;
		if (size > MAX_BYTES) break;
	}
	return Buffer.concat(chunks);
}

const kept = (name: string, bytes: Uint8Array): Input => ({ name, isFound: false, bytes: async () => bytes });

const MANIFEST_FILE = /\.(ya?ml|json)$/i;

const byName = (a: Dirent, b: Dirent): number => (a.name < b.name ? -1 : 1);

/** Reading a pipe or a socket in a folder might never end. */
const isSpecial = (entry: Dirent): boolean => !entry.isFile() && !entry.isSymbolicLink();

/** Returns why a file cannot be read, as a text for the user. */
export function reasonOf(error: unknown): string {
	switch ((error as NodeJS.ErrnoException).code) {
		case 'ENOENT':
			return 'there is no such file or folder';
		case 'EACCES':
		case 'EPERM':
			return 'it cannot be read: permission denied';
		case 'EISDIR':
			return 'it is a folder; name the files in it';
		case 'ELOOP':
			return 'it is a symbolic link that leads back to itself';
		default:
			return (error as Error).message;
	}
}

/** The bytes are not text, or too many. The message is for the user. */
export class UnusableBytes extends Error {
	readonly isAboutServers: boolean;
	constructor(message: string, bytes: Uint8Array) {
		super(message);
		// Works for any encoding: UTF-16 has a zero byte beside each letter.
		this.isAboutServers = mentionsToolhive(Buffer.from(bytes).toString('latin1').replaceAll('\0', ''));
	}
}

export const MAX_BYTES = 64 * 1024 * 1024;

/** Decodes a file as kubectl does. Only a UTF-8 text keeps its byte order mark. Throws UnusableBytes. */
export function decode(bytes: Uint8Array): string {
	if (bytes.length > MAX_BYTES) throw new UnusableBytes(TOO_LARGE, bytes);
	const encoding = encodingOf(bytes);
	const isUtf16 = encoding !== 'utf-8';
	try {
		const text = new TextDecoder(encoding, { fatal: true, ignoreBOM: !isUtf16 }).decode(bytes);
		if (!text.includes('\0')) return text;
	} catch {
		if (isUtf16) throw new UnusableBytes(bytes.length % 2 === 1 ? HALF_UNIT : HALF_PAIR, bytes);
	}
	throw new UnusableBytes(isUtf16 ? NUL : NO_TEXT, bytes);
}

const TOO_LARGE = 'it is larger than 64 MiB; split it into several files';
const NO_TEXT = 'this is not UTF-8 text, nor UTF-16 with a byte order mark; is it a binary file?';
const NUL = 'this UTF-16 text contains the character U+0000; is it a binary file?';
const HALF_UNIT = 'this UTF-16 text has an odd number of bytes; the file is damaged or cut off';
const HALF_PAIR = 'this UTF-16 text has half of a surrogate pair; the file is damaged';
