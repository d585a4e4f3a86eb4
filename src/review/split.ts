/** Cuts a text that arrives in pieces into documents: YAML at its `---` lines, JSON after each value. */
import type { Problem } from './problem.ts';

export interface Source {
	readonly file: string;
	/** Line of the file in which `text` begins, from 1. */
	readonly line: number;
	readonly text: string;
	readonly format: 'yaml' | 'json';
}

/** Characters. YAML costs 70 times its size in memory; the API server takes objects of up to 3 MiB, only Lists are longer. */
const LONGEST = { yaml: 8 * 1024 * 1024, json: 64 * 1024 * 1024 } as const;

const TOO_LONG = {
	yaml: 'one document of more than 8 MiB; cut it with --- lines, or give it as JSON',
	json: 'one value of more than 64 MiB; cut it into several',
} as const;

/** Bounded memory: never more than one document and one piece. */
export async function* documentsIn(file: string, pieces: AsyncIterable<string>): AsyncGenerator<Source | Problem> {
	const iterator = pieces[Symbol.asyncIterator]();
	let start = '';
	let isOver = false;
	// What the text is shows in the first thing that is neither blank nor a comment.
	while (!isOver && !/^(\s|#.*\n)*[^\s#][\s\S]/.test(start)) {
		const { value, done } = await iterator.next();
		if (done) isOver = true;
		else start += value;
	}
	const rest = startingWith(start, iterator);
	yield* /^(\s|#.*\n)*\{\s*["}]/.test(start) ? valuesIn(file, rest) : sectionsIn(file, rest);
}

async function* startingWith(first: string, rest: AsyncIterator<string>): AsyncGenerator<string> {
	yield first;
	for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

const SEPARATOR = /^(---|\.\.\.)(\s|$)/;

async function* sectionsIn(file: string, pieces: AsyncIterable<string>): AsyncGenerator<Source | Problem> {
	let lines: string[] = [];
	let length = 0;
	let begins = 1;
	let number = 0;
	const take = (): Source | Problem | undefined => {
		const text = lines.join('\n');
		const line = begins;
		const isTooLong = length > LONGEST.yaml;
		lines = [];
		length = 0;
		begins = number;
		if (isTooLong) return { file, line, problem: TOO_LONG.yaml };
		return text.trim() === '' || text.trim() === '---' ? undefined : { file, line, text, format: 'yaml' };
	};
	for await (const line of linesOf(pieces)) {
		number += 1;
		// Directives such as %YAML belong to what follows their `---`.
		if (SEPARATOR.test(line) && !lines[0]?.startsWith('%')) {
			const source = take();
			if (source !== undefined) yield source;
			if (line.startsWith('...')) {
				begins = number + 1;
				continue;
			}
		}
		length += line.length + 1;
		if (length <= LONGEST.yaml) lines.push(line);
	}
	const source = take();
	if (source !== undefined) yield source;
}

async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
	let rest: string[] = [];
	let kept = 0;
	for await (const piece of pieces) {
		const lines = piece.split('\n');
		const last = lines.pop() ?? '';
		for (const line of lines) {
			yield rest.length === 0 ? line : rest.join('') + line;
			rest = [];
			kept = 0;
		}
		// A line longer than any document is not worth keeping whole.
		if (kept <= LONGEST.yaml) rest.push(last);
		kept += last.length;
	}
	if (rest.length > 0) yield rest.join('');
}

async function* valuesIn(file: string, pieces: AsyncIterable<string>): AsyncGenerator<Source | Problem> {
	let parts: string[] = [];
	let length = 0;
	let depth = 0;
	let isInString = false;
	let isEscaped = false;
	let line = 1;
	let begins = 1;
	for await (const piece of pieces) {
		let from = 0;
		// Only these can change what the rest of the text is.
		const marks = /["\\{}[\]\n]/g;
		marks.lastIndex = isEscaped ? 1 : 0;
		isEscaped = false;
		for (let found = marks.exec(piece); found !== null; found = marks.exec(piece)) {
			const [mark] = found;
			if (mark === '\n') line += 1;
			else if (mark === '\\') {
				if (!isInString) continue;
				isEscaped = marks.lastIndex === piece.length;
				marks.lastIndex += 1;
			} else if (mark === '"') isInString = !isInString;
			else if (isInString) continue;
			else if (mark === '{' || mark === '[') {
				if (depth === 0) {
					const between = parts.join('') + piece.slice(from, found.index);
					if (!/^(\s|,|#.*\n|---)*$/.test(between)) {
						yield {
							file,
							line,
							problem: `${JSON.stringify(between.trim().slice(0, 20))} stands between two JSON values`,
						};
						return;
					}
					parts = [];
					length = 0;
					from = found.index;
					begins = line;
				}
				depth += 1;
			} else {
				depth -= 1;
				if (depth > 0) continue;
				const end = found.index + 1;
				parts.push(piece.slice(from, end));
				length += end - from;
				yield length > LONGEST.json
					? { file, line: begins, problem: TOO_LONG.json }
					: { file, line: begins, text: parts.join(''), format: 'json' };
				parts = [];
				length = 0;
				from = end;
				depth = 0;
			}
		}
		const left = piece.slice(from);
		length += left.length;
		if (length <= LONGEST.json) parts.push(left);
	}
	const rest = parts.join('');
	if (depth > 0 || rest.trim() !== '') yield { file, line: begins, text: rest, format: 'json' };
}
