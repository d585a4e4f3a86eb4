/** `thv-scaling crds`: our own CRDs, or ToolHive's with the scaling fields in them. Files in, text out; no rules here. */
import { createReadStream, fstatSync } from 'node:fs';
import { GROUP, KIND_LIST, KINDS } from '../api/names.ts';
import { printable } from '../api/printable.ts';
import { type CompletedText, completeCrds, crdTextOf } from '../manifests/crd-text.ts';
import { decode } from '../manifests/decode.ts';
import { readAll, reasonOf, STDIN } from '../manifests/read.ts';
import { Unparsable } from '../manifests/values.ts';
import { UsageError } from './options.ts';
import type { Terminal } from './report.ts';

const EXIT_DONE = 0;
const EXIT_NOTHING_FOUND = 2;

/** Prints, and resolves with the exit code. Throws UsageError for what cannot be read or understood; nothing is printed then. */
export async function crds(
	files: readonly string[],
	{ stdin, stdout, stderr }: Omit<Terminal, 'env'>,
): Promise<number> {
	if (files.filter((file) => file === '-').length > 1) throw new UsageError('- stands twice, and there is one stdin');
	if (files.length === 0) {
		await print(stdout, KIND_LIST.map(crdTextOf).join('---\n'));
		if (isPiped(stdin)) stderr.write('thv-scaling: these are our own CRDs; name - to read those on stdin\n');
		return EXIT_DONE;
	}
	const completed: CompletedText[] = [];
	for (const file of files) completed.push(complete(file, await textOf(file, stdin)));
	if (completed.some(({ found }) => found > 0)) {
		await print(stdout, joined(completed.map(({ text }) => text)));
		for (const note of completed.flatMap(({ notes }) => notes)) stderr.write(`${printable(note)}\n`);
		return EXIT_DONE;
	}
	// Nothing is printed: what follows in a pipe would apply it, whatever our exit code says.
	const names = KIND_LIST.map((kind) => `${KINDS[kind].plural}.${GROUP}`);
	stderr.write(
		`thv-scaling: none of the CRDs ${names.join(', ')} is in ${files.map(nameOf).join(', ')}; try \`kubectl get crd ${names[0]} -o yaml | thv-scaling crds -\`\n`,
	);
	return EXIT_NOTHING_FOUND;
}

/** Whether somebody most likely meant it to be read: a pipe, not a terminal and not nothing. */
const isPiped = (stdin: Terminal['stdin']): boolean =>
	'fd' in stdin && typeof stdin.fd === 'number' && fstatSync(stdin.fd).isFIFO();

const nameOf = (file: string): string => (file === '-' ? STDIN : file);

function complete(file: string, text: string): CompletedText {
	try {
		return completeCrds(text);
	} catch (error) {
		if (error instanceof Unparsable) {
			throw new UsageError(printable(`${nameOf(file)}:${error.at?.line}:${error.at?.column}: ${error.message}`));
		}
		throw error;
	}
}

async function textOf(file: string, stdin: Terminal['stdin']): Promise<string> {
	try {
		return decode(await readAll(file === '-' ? stdin : createReadStream(file)));
	} catch (error) {
		throw new UsageError(`${nameOf(file)}: ${reasonOf(error)}`);
	}
}

/** One text after the other, as documents of one stream. A single text stays as it is. */
const joined = (texts: readonly string[]): string =>
	texts.reduce((whole, text) => {
		const next = text.replace(/^\uFEFF/, '');
		const lineBreak = whole.endsWith('\n') ? '' : '\n';
		return `${whole}${lineBreak}${next.startsWith('---') ? '' : '---\n'}${next}`;
	});

/** Resolves when it has left. A reader that has enough, as `head` does, is no failure; a full disk is. */
const print = (stdout: NodeJS.WritableStream, text: string): Promise<void> =>
	new Promise((resolve, reject) => {
		// The callback has it too; without a listener the process would end here.
		stdout.on('error', () => {});
		stdout.write(text, (error?: NodeJS.ErrnoException | null) => {
			if (error && error.code !== 'EPIPE') reject(new UsageError(`the CRDs cannot be written: ${error.message}`));
			else resolve();
		});
	});
