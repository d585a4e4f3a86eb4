/** `thv-scaling review`: reads manifests and prints what the webhooks would change, deny or warn about. */
import { fstatSync, type Stats } from 'node:fs';
import type { Result } from 'sarif';
import type { Source } from '../manifests/documents.ts';
import { isProblem, isSkipped, isUnreviewed, type Problem, problemText, type Skipped } from '../manifests/problem.ts';
import { type Input, inputsOf, sourcesIn } from '../manifests/read.ts';
import { writeJson } from '../manifests/values.ts';
import { checkNamed } from '../offline/named.ts';
import { JSON_START, jsonEnd, jsonOf } from '../offline/render-json.ts';
import { resultsOf, sarifOf } from '../offline/render-sarif.ts';
import { type Paint, paintFor, problemsText, renderText, summaryText } from '../offline/render-text.ts';
import { yamlOf } from '../offline/render-yaml.ts';
import { type Reviewed, review } from '../offline/review.ts';
import { counted, EMPTY, exitCodeOf, type Summary } from '../offline/summary.ts';
import { type REVIEW_OPTIONS, settingsOf } from './flags.ts';
import { UsageError, type Values } from './options.ts';
import { createReport, type Terminal } from './report.ts';
import { ownVersion } from './version.ts';

/**
 * Resolves with the exit code: 0 if nothing was denied, 1 if something was denied, 2 if something could not be read.
 */
export async function reviewManifests(
	options: Values<typeof REVIEW_OPTIONS>,
	names: readonly string[],
	terminal: Terminal,
): Promise<number> {
	const settings = settingsOf(options);
	if (names.length === 0) throw new UsageError('name a file, a folder, or - for stdin; see thv-scaling review --help');
	const report = createReport(terminal);
	const inputs = await inputsOf(names, () => terminal.stdin, isOutputOf(terminal.stdout));
	let passes = 0;
	const documents = (): AsyncIterable<Source | Problem | Skipped> => {
		passes += 1;
		const done = passes === 1 ? 'read' : 'reviewed';
		return documentsOf(inputs, (count) => report.progress(`${count.toLocaleString('en')} documents ${done}`));
	};
	const { namespace, strict, verbose, output, 'server-version': toolhive } = options;
	const renderer = rendererOf(options, paintFor(terminal.stdout.isTTY ?? false, terminal.env['NO_COLOR']));
	const problems: Problem[] = [];
	let summary = EMPTY;
	let firstSkipped: Skipped | undefined;
	await report.print(renderer.start ?? '');
	const reviewing = review(documents, { settings, namespace, ...(toolhive !== undefined && { toolhive }) });
	const named = new Set(inputs.flatMap((one) => ('bytes' in one && !one.isFound ? [one.name] : [])));
	for await (const one of checkNamed(reviewing, (file) => named.has(file))) {
		summary = counted(summary, one);
		if (isSkipped(one)) {
			firstSkipped ??= one;
			if (verbose) report.warn(problemText(one));
		} else if (isProblem(one)) {
			problems.push(one);
			report.warn(problemText(one));
		} else {
			if (output !== 'text') for (const note of one.notes) report.warn(`${one.file}:${one.line}: ${note}`);
			await report.print(renderer.each(one, summary.objects === 1));
		}
	}
	if (summary.skipped > 0 && !verbose) report.warn(`${summary.skipped} skipped; --verbose prints each with the reason`);
	if (summary.objects === 0 && summary.unreadable === 0) {
		// An empty input fails, because the command that fills the pipe may have failed.
		const places = names.map((name) => (name === '-' ? 'stdin' : name)).join(', ');
		const why = firstSkipped === undefined ? '' : `; ${problemText(firstSkipped)}`;
		report.warn(`there is no manifest in ${places}${why}`);
		summary = { ...summary, unreadable: 1 };
	}
	await report.print(renderer.end?.(summary, problems) ?? '');
	return report.finish(exitCodeOf(summary, strict));
}

interface Renderer {
	readonly start?: string;
	readonly each: (one: Reviewed, isFirst: boolean) => string;
	readonly end?: (summary: Summary, problems: readonly Problem[]) => string;
}

function rendererOf({ output, strict, quiet }: Values<typeof REVIEW_OPTIONS>, paint: Paint): Renderer {
	switch (output) {
		case 'text':
			return {
				each: (one) => renderText(one, paint, quiet),
				end: (summary, problems) => problemsText(problems, paint) + summaryText(summary, strict, paint),
			};
		case 'json':
			return { start: JSON_START, each: jsonOf, end: jsonEnd };
		case 'yaml':
			return { each: yamlOf };
		case 'sarif': {
			const results: Result[] = [];
			return {
				each: (one) => {
					results.push(...resultsOf(one, strict, process.cwd()));
					return '';
				},
				end: (_summary, problems) => `${writeJson(sarifOf(results, problems, ownVersion(), process.cwd()), 2)}\n`,
			};
		}
	}
}

/** Whether stdout is redirected to this file. Such a file would grow while `review` reads it. */
function isOutputOf(stdout: Terminal['stdout']): (found: Stats) => boolean {
	if (!('fd' in stdout) || typeof stdout.fd !== 'number') return () => false;
	const output = fstatSync(stdout.fd);
	return (found) => output.isFile() && found.dev === output.dev && found.ino === output.ino;
}

async function* documentsOf(
	inputs: readonly (Input | Problem | Skipped)[],
	onDocument: (count: number) => void,
): AsyncGenerator<Source | Problem | Skipped> {
	let count = 0;
	for (const input of inputs) {
		for await (const source of isUnreviewed(input) ? [input] : sourcesIn(input)) {
			count += 1;
			onDocument(count);
			yield source;
		}
	}
}
