/** `thv-scaling crds`: prints minimal CRDs, or ToolHive's CRDs with the scaling fields added. */
import { createReadStream, fstatSync } from 'node:fs';
import { GROUP, KIND_LIST, KINDS } from '../api/names.ts';
import { printable } from '../api/printable.ts';
import { type CompletedText, completeCrds, crdTextOf } from '../manifests/crd-text.ts';
import { decode, readAll, reasonOf, STDIN } from '../manifests/read.ts';
import { Unparsable } from '../manifests/values.ts';
import { UsageError } from './options.ts';
import { createReport, type Terminal } from './report.ts';

const EXIT_DONE = 0;
const EXIT_NOTHING_FOUND = 2;

/** Resolves with the exit code. Throws UsageError, before it prints anything, if a file cannot be read or parsed. */
export async function crds(files: readonly string[], terminal: Terminal): Promise<number> {
	const { stdin, stderr } = terminal;
	const report = createReport(terminal);
	if (files.filter((file) => file === '-').length > 1) throw new UsageError("'-' (stdin) may be given only once");
	if (files.length === 0) {
		await report.print(KIND_LIST.map(crdTextOf).join('---\n'));
		if (isPiped(stdin)) report.warn('these are the minimal CRDs; to read CRDs from stdin, use: thv-scaling crds -');
		return report.finish(EXIT_DONE);
	}
	const completed: CompletedText[] = [];
	for (const file of files) completed.push(complete(file, await textOf(file, stdin)));
	if (completed.some(({ found }) => found > 0)) {
		await report.print(joined(completed.map(({ text }) => text)));
		for (const note of completed.flatMap(({ notes }) => notes)) stderr.write(`${printable(note)}\n`);
		return report.finish(EXIT_DONE);
	}
	// Prints nothing, because the next command in a pipe would apply it regardless of the exit code.
	const names = KIND_LIST.map((kind) => `${KINDS[kind].plural}.${GROUP}`);
	const example = `kubectl get crd ${names[0]} -o yaml | thv-scaling crds -`;
	report.warn(`none of the CRDs ${names.join(', ')} is in ${files.map(nameOf).join(', ')}; try \`${example}\``);
	return EXIT_NOTHING_FOUND;
}

/** Whether stdin is a pipe, so that the user most likely wants `crds` to read it. */
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

/** Joins the texts as documents of one stream. A single text stays unchanged. */
const joined = (texts: readonly string[]): string =>
	texts.reduce((whole, text) => {
		const next = text.replace(/^\uFEFF/, '');
		const lineBreak = whole.endsWith('\n') ? '' : '\n';
		return `${whole}${lineBreak}${next.startsWith('---') ? '' : '---\n'}${next}`;
	});
