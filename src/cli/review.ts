/** `thv-scaling review`: reads manifests, prints what the cluster would make of them. No rules here. */
import { fstatSync, type Stats } from 'node:fs';
import type { Result } from 'sarif';
import type { Source } from '../manifests/documents.ts';
import { isProblem, isSkipped, isUnreviewed, type Problem, problemText, type Skipped } from '../manifests/problem.ts';
import { type Input, inputsOf, sourcesIn } from '../manifests/read.ts';
import { writeJson } from '../manifests/values.ts';
import { checkNamed } from '../offline/named.ts';
import { JSON_START, jsonEnd, jsonOf } from '../offline/render-json.ts';
import { resultsOf, sarifOf } from '../offline/render-sarif.ts';
import { type Paint, paintFor, problemsText, summaryText, textOf } from '../offline/render-text.ts';
import { yamlOf } from '../offline/render-yaml.ts';
import { type Reviewed, review } from '../offline/review.ts';
import { counted, EMPTY, exitCodeOf, type Summary } from '../offline/summary.ts';
import { type REVIEW_OPTIONS, settingsOf } from './flags.ts';
import { UsageError, type Values } from './options.ts';
import { createReport, type Terminal } from './report.ts';
import { ownVersion } from './version.ts';

/** Resolves with the exit code of SPEC 7: 0 nothing denied, 1 something denied, 2 something could not be read. */
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
		let count = 0;
		return documentsOf(inputs, () => {
			count += 1;
			report.progress(`${count.toLocaleString('en')} documents ${done}`);
		});
	};

	const isStrict = options.strict;
	const version = options['server-version'];
	const renderer = rendererOf(options, paintFor(terminal.stdout.isTTY ?? false, terminal.env['NO_COLOR']));
	const problems: Problem[] = [];
	let summary = EMPTY;
	let firstSkipped: Skipped | undefined;
	await report.print(renderer.start);
	const reviewing = review(documents, {
		settings,
		namespace: options.namespace,
		...(version !== undefined && { toolhive: version }),
	});
	const named = new Set(inputs.flatMap((one) => ('bytes' in one && !one.isFound ? [one.name] : [])));
	for await (const one of checkNamed(reviewing, (file) => named.has(file))) {
		summary = counted(summary, one);
		if (isSkipped(one)) {
			firstSkipped ??= one;
			if (options.verbose) report.warn(problemText(one));
			continue;
		}
		if (isProblem(one)) {
			problems.push(one);
			report.warn(problemText(one));
		}
		if (!isProblem(one) && options.output !== 'text')
			for (const note of one.notes) report.warn(`${one.file}:${one.line}: ${note}`);
		await report.print(renderer.each(one, summary));
	}
	if (summary.skipped > 0 && !options.verbose) report.warn(`${summary.skipped} skipped; --verbose names each, and why`);
	if (summary.objects === 0 && summary.unreadable === 0) {
		// What should have filled a pipe may have failed; to pass that would be wrong.
		const places = names.map((name) => (name === '-' ? 'stdin' : name)).join(', ');
		const why = firstSkipped === undefined ? '' : `; ${problemText(firstSkipped)}`;
		report.warn(`there is no manifest in ${places}${why}`);
		summary = { ...summary, unreadable: 1 };
	}
	await report.print(renderer.end(summary, problems));
	return report.finish(exitCodeOf(summary, isStrict));
}

interface Renderer {
	readonly start: string;
	/** What is printed of `one`; `summary` counts it already. */
	readonly each: (one: Reviewed | Problem, summary: Summary) => string;
	readonly end: (summary: Summary, problems: readonly Problem[]) => string;
}

function rendererOf({ output, strict, quiet }: Values<typeof REVIEW_OPTIONS>, paint: Paint): Renderer {
	switch (output) {
		case 'text':
			return {
				start: '',
				each: (one) => (isProblem(one) ? '' : textOf(one, paint, quiet)),
				end: (summary, problems) => problemsText(problems, paint) + summaryText(summary, strict, paint),
			};
		case 'json':
			return {
				start: JSON_START,
				each: (one, { objects }) => (isProblem(one) ? '' : jsonOf(one, objects === 1)),
				end: jsonEnd,
			};
		case 'yaml':
			return { start: '', each: (one) => (isProblem(one) ? '' : yamlOf(one)), end: () => '' };
		case 'sarif': {
			const results: Result[] = [];
			return {
				start: '',
				each: (one) => {
					if (!isProblem(one)) results.push(...resultsOf(one, strict, process.cwd()));
					return '';
				},
				end: (_summary, problems) => `${writeJson(sarifOf(results, problems, ownVersion(), process.cwd()), 2)}\n`,
			};
		}
	}
}

/** A report that is written into the folder it is about would be read while it grows. */
function isOutputOf(stdout: Terminal['stdout']): (found: Stats) => boolean {
	if (!('fd' in stdout) || typeof stdout.fd !== 'number') return () => false;
	const output = fstatSync(stdout.fd);
	return (found) => output.isFile() && found.dev === output.dev && found.ino === output.ino;
}

async function* documentsOf(
	inputs: readonly (Input | Problem | Skipped)[],
	onDocument: () => void,
): AsyncGenerator<Source | Problem | Skipped> {
	for (const input of inputs) {
		if (isUnreviewed(input)) yield input;
		else {
			for await (const source of sourcesIn(input)) {
				onDocument();
				yield source;
			}
		}
	}
}
