/** Cuts a text that arrives in pieces into documents where kubectl does: YAML at its `---` lines, JSON after each value. */
import { GROUP } from '../toolhive/names.ts';
import { createMention, mentionsToolhive } from './mention.ts';
import { broken, type Problem, type Skipped } from './problem.ts';
import { valuesIn } from './split-json.ts';

export interface Source {
	readonly file: string;
	/** Line of the file in which `text` begins, from 1. */
	readonly line: number;
	readonly text: string;
	/** What it looks like: kubectl takes YAML also where JSON began. */
	readonly format: 'yaml' | 'json';
}

/** Characters. YAML costs 70 times its size in memory; the API server takes objects of up to 3 MiB, only Lists are longer. */
export const LONGEST_YAML = 8 * 1024 * 1024;

const TOO_LONG = 'one document of more than 8 MiB; cut it with --- lines, or give it as JSON';

const MOST_BLANKS = 1024 * 1024;

const JSON_START = /^\s*\{\s*["}]/;

/** Bounded memory: never more than one document and one piece. */
export async function* documentsIn(
	file: string,
	pieces: AsyncIterable<string>,
): AsyncGenerator<Source | Problem | Skipped> {
	const iterator = pieces[Symbol.asyncIterator]();
	let start = '';
	// What the text is shows in its first character, or in the one after a brace.
	while (!/^\s*([^\s{]|\{\s*\S)/.test(start)) {
		const { value, done } = await iterator.next();
		if (done) break;
		start += value;
		if (start.length > MOST_BLANKS) {
			yield { file, problem: 'it begins with more than 1 MiB of blanks' };
			return;
		}
	}
	const rest = startingWith(start, iterator);
	if (!JSON_START.test(start)) {
		yield* sectionsIn(file, rest, 1);
		return;
	}
	const left = yield* valuesIn(file, rest);
	if (left !== undefined) yield* sectionsIn(file, startingWith(left.text, rest), left.line);
}

async function* startingWith(first: string, rest: AsyncIterator<string>): AsyncGenerator<string> {
	yield first;
	for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

async function* sectionsIn(
	file: string,
	pieces: AsyncIterable<string>,
	from: number,
): AsyncGenerator<Source | Problem | Skipped> {
	let lines: string[] = [];
	let length = 0;
	let begins = from;
	let number = from - 1;
	/** What kubectl does not take before a document: an error if it or the document is about a server. */
	let before: Problem[] = [];
	let isBeforeOurs = false;
	/** Whether a document that is too long to be kept is about a server. */
	let isLongOurs = false;
	/** `...` was there, and the first line behind it that is lost by that. */
	let isEnded = false;
	let lost: number | undefined;
	let isLostOurs = false;
	const taken = function* (isLast = false): Generator<Source | Problem | Skipped> {
		const isLong = length > LONGEST_YAML;
		const hasText = isLong || lines.some(isText);
		const text = isLong ? '' : `${lines.join('\n')}\n`;
		if (hasText || isLast) {
			const isOurs = isBeforeOurs || isLongOurs || (before.length > 0 && mentionsToolhive(text));
			for (const problem of before) yield broken(problem, isOurs);
			before = [];
			isBeforeOurs = false;
		}
		if (isLong) yield broken({ file, line: begins, problem: TOO_LONG }, isLongOurs);
		else if (hasText) yield { file, line: begins, text, format: JSON_START.test(text) ? 'json' : 'yaml' };
		if (lost !== undefined) yield broken({ file, line: lost, problem: BEHIND_DOTS }, isLostOurs);
		lines = [];
		length = 0;
		begins = number + 1;
		isLongOurs = false;
		isEnded = false;
		lost = undefined;
		isLostOurs = false;
	};
	for await (const ended of linesOf(pieces)) {
		number += 1;
		const isFirst = lines.length === 0;
		// kubectl takes a byte order mark wherever a document begins.
		const line = ended.slice(isFirst && ended.startsWith('\ufeff') ? 1 : 0, ended.endsWith('\r') ? -1 : undefined);
		if (line.startsWith('---')) {
			yield* taken();
			const behind = line.slice(3).trim();
			if (behind !== '' && !behind.startsWith('#')) {
				before.push({ file, line: number, problem: BEHIND_DASHES });
				isBeforeOurs ||= mentionsToolhive(behind);
			}
		} else if (isEnded) {
			if (isText(line)) lost ??= number;
			isLostOurs ||= mentionsToolhive(line);
		} else if (/^\.\.\.(\s|$)/.test(line)) isEnded = true;
		else if (line.startsWith('%') && !lines.some(isText)) before.push({ file, line: number, problem: DIRECTIVE });
		else {
			const wasShort = length <= LONGEST_YAML;
			length += line.length + 1;
			if (length <= LONGEST_YAML) lines.push(line);
			else isLongOurs ||= mentionsToolhive(line) || (wasShort && lines.some(mentionsToolhive));
		}
	}
	yield* taken(true);
}

const BEHIND_DASHES = 'kubectl takes nothing but a comment behind ---; put it into a line of its own';
const BEHIND_DOTS = 'kubectl leaves out what stands between ... and the next ---; write --- instead of ...';
const DIRECTIVE = 'kubectl takes no directives such as %YAML; leave the line out';

const isText = (line: string): boolean => /^\s*[^\s#]/.test(line);

async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
	let rest: string[] = [];
	let kept = 0;
	let mention = createMention();
	for await (const piece of pieces) {
		const lines = piece.split('\n');
		const last = lines.pop() ?? '';
		for (const line of lines) {
			yield rest.length === 0 ? line : rest.join('') + line;
			rest = [];
			kept = 0;
			mention = createMention();
		}
		// A line longer than any document is not worth keeping whole; only whether it is about a server.
		if (kept <= LONGEST_YAML && last !== '') rest.push(last);
		else if (mention(last) && rest.at(-1) !== GROUP) rest.push(GROUP);
		kept += last.length;
	}
	if (rest.length > 0) yield rest.join('');
}
