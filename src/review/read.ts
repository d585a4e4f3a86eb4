/** Files, folders and stdin as texts that can be read twice, in pieces. */
import { createReadStream, type Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isProblem, type Problem } from './problem.ts';
import { documentsIn, type Source } from './split.ts';

export interface Input {
	/** As it was named, or found below a folder that was. */
	readonly name: string;
	/** From its beginning, each time. */
	readonly bytes: () => AsyncIterable<Uint8Array>;
	/** Found in a folder, where other things may lie beside the manifests. */
	readonly isFound: boolean;
}

export const STDIN = '<stdin>';

/** Every input behind `paths` (`-` is `stdin`), each once, in the order of their names within a folder. */
export async function inputsOf(
	paths: readonly string[],
	stdin: () => AsyncIterable<Uint8Array>,
	onSkipped: (place: string) => void,
): Promise<(Input | Problem)[]> {
	const inputs: (Input | Problem)[] = [];
	const seen = new Set<string>();
	for (const path of paths) {
		try {
			if (path === '-') {
				if (!seen.has(path)) inputs.push(await whole(STDIN, stdin()));
				seen.add(path);
				continue;
			}
			const found = await stat(path);
			const files = found.isDirectory() ? await filesIn(path, onSkipped) : [path];
			if (files.length === 0) inputs.push({ file: path, problem: 'no *.yaml, *.yml or *.json in this folder' });
			const isOnDisk = found.isDirectory() || found.isFile();
			for (const file of files) {
				const real = isOnDisk ? await realpath(file) : file;
				if (seen.has(real)) continue;
				seen.add(real);
				// What is no file of the disk, such as <(helm template …), can be read only once.
				inputs.push(
					isOnDisk
						? { name: file, bytes: () => createReadStream(file), isFound: found.isDirectory() }
						: await whole(file, createReadStream(file)),
				);
			}
		} catch (error) {
			inputs.push({ file: path, problem: reasonOf(error) });
		}
	}
	return inputs;
}

/**
 * The documents of `input`. What cannot be read is told in its place. A folder of manifests has other files in it, which are
 * not worth an error: they are left out, and `onSkipped` hears of them.
 */
export async function* sourcesIn(
	{ name, bytes, isFound }: Input,
	onSkipped: (place: string) => void,
): AsyncGenerator<Source | Problem> {
	try {
		for await (const source of documentsIn(name, textOf(bytes()))) {
			if (!isFound || isProblem(source) || isForCluster(source.text)) yield source;
			else onSkipped(`${source.file}:${source.line}`);
		}
	} catch (error) {
		yield { file: name, problem: reasonOf(error) };
	}
}

/** Both words somewhere: without them a document cannot be a manifest, whatever else it is. Kustomize's are none either. */
const isForCluster = (text: string): boolean =>
	/\bkind["']?\s*:/.test(text) &&
	/\bapiVersion["']?\s*:/.test(text) &&
	!/^apiVersion:\s*["']?kustomize\.config\.k8s\.io\//m.test(text);

class NoText extends Error {}

async function* textOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
	const decoder = new TextDecoder('utf-8', { fatal: true });
	const decoded = (chunk?: Uint8Array): string => {
		try {
			const text = chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
			if (!text.includes('\0')) return text;
		} catch {
			// Said below, like the zero byte.
		}
		throw new NoText('this is no UTF-8 text; is it a binary file, or UTF-16?');
	};
	for await (const chunk of bytes) yield decoded(chunk);
	yield decoded();
}

async function whole(name: string, bytes: AsyncIterable<Uint8Array>): Promise<Input> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of bytes) chunks.push(chunk);
	return {
		name,
		isFound: false,
		bytes: async function* () {
			yield* chunks;
		},
	};
}

const MANIFEST_FILE = /\.(ya?ml|json)$/i;

/** Every manifest below `folder`, but for the templates of charts: they become manifests only when they are rendered. */
async function filesIn(folder: string, onSkipped: (place: string) => void): Promise<string[]> {
	const entries = await readdir(folder, { withFileTypes: true });
	const isChart = entries.some(({ name }) => name === 'Chart.yaml');
	const found: string[] = [];
	for (const entry of entries.sort(byName)) {
		if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
		const path = join(folder, entry.name);
		if (entry.isDirectory() && isChart && entry.name === 'templates')
			onSkipped(`${path} (a Helm chart: review what \`helm template\` prints)`);
		else if (entry.isDirectory()) found.push(...(await filesIn(path, onSkipped)));
		else if (MANIFEST_FILE.test(entry.name) && (entry.isFile() || (await isFile(path)))) found.push(path);
	}
	return found;
}

const byName = (a: Dirent, b: Dirent): number => (a.name < b.name ? -1 : 1);

/** Follows a link; one that leads nowhere is told when it is read. */
const isFile = (path: string): Promise<boolean> =>
	stat(path).then(
		(found) => found.isFile(),
		() => true,
	);

function reasonOf(error: unknown): string {
	if (error instanceof NoText) return error.message;
	switch ((error as NodeJS.ErrnoException).code) {
		case 'ENOENT':
			return 'there is no such file or folder';
		case 'EACCES':
		case 'EPERM':
			return 'it may not be read: permission denied';
		default:
			return (error as Error).message;
	}
}
