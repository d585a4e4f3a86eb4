/** Splits a text into documents as kubectl does: YAML at `---` lines, JSON after each value. */
import { broken, mentionsToolhive, type Problem, type Skipped } from './problem.ts';
import { createLineAt } from './values.ts';

export interface Source {
	readonly file: string;
	/** The line of the file at which `text` begins, from 1. */
	readonly line: number;
	/** The offset of `text` in the file. */
	readonly offset: number;
	readonly text: string;
	/** The likely format. kubectl accepts YAML even if it begins like JSON. */
	readonly format: 'yaml' | 'json';
}

const JSON_START = /^\s*\{\s*["}]/;
/** Matches the first content of a text, including the indentation of its line. */
const FIRST_CONTENT = /(?<![^\n])[^\S\n]*[^\s#]/;

const BEHIND_DASHES = 'kubectl allows only a comment after ---; move the text to its own line';
const BEHIND_DOTS = 'kubectl ignores text between ... and the next ---; write --- instead of ...';
const DIRECTIVE = 'kubectl does not support directives such as %YAML; remove the line';

/** Yields the documents of `file`, and each part that kubectl ignores: as an error if that part is about a server. */
export function* documentsIn(file: string, text: string): Generator<Source | Problem | Skipped> {
	const lineAt = createLineAt(text);
	let offset = 0;
	if (JSON_START.test(text)) {
		for (let start = nextWord(text, 0); text[start] === '{'; start = nextWord(text, offset)) {
			offset = endOfValue(text, start);
			yield { file, line: lineAt(start), offset: start, text: text.slice(start, offset), format: 'json' };
		}
		// The YAML that follows needs its indentation.
		offset = Math.max(offset, text.lastIndexOf('\n', nextWord(text, offset)) + 1);
	}
	yield* sectionsIn(file, text, offset, lineAt);
}

function nextWord(text: string, offset: number): number {
	const word = /\S/g;
	word.lastIndex = offset;
	return word.exec(text)?.index ?? text.length;
}

/** Returns the end of the JSON object that begins at `start`. */
function endOfValue(text: string, start: number): number {
	const marks = /\\.|["{}[\]]/gs;
	marks.lastIndex = start;
	let depth = 0;
	let isInString = false;
	for (let found = marks.exec(text); found !== null; found = marks.exec(text)) {
		const [mark] = found;
		if (mark === '"') isInString = !isInString;
		else if (!isInString && mark.length === 1) depth += mark === '{' || mark === '[' ? 1 : -1;
		if (depth === 0) return marks.lastIndex;
	}
	return text.length;
}

function* sectionsIn(
	file: string,
	text: string,
	from: number,
	lineAt: (offset: number) => number,
): Generator<Source | Problem | Skipped> {
	const dashes = /(?<![^\n])---([^\n]*)\n?/g;
	dashes.lastIndex = from;
	/** The problems before a document. A problem is an error if the problem or the document is about a server. */
	let before: Problem[] = [];
	let isBeforeAboutServers = false;
	for (let start = from, isLast = false; !isLast; start = dashes.lastIndex) {
		const separator = dashes.exec(text);
		isLast = separator === null;
		// kubectl accepts a byte order mark at the beginning of each document.
		const offset = text[start] === '\ufeff' ? start + 1 : start;
		const section = sectionOf(text.slice(offset, separator?.index));
		if (section.directive !== undefined) {
			before.push({ file, line: lineAt(offset + section.directive), problem: DIRECTIVE });
		}
		if (section.hasContent || isLast) {
			const isAboutServers = isBeforeAboutServers || mentionsToolhive(section.text);
			for (const problem of before) yield broken(problem, isAboutServers);
			before = [];
			isBeforeAboutServers = false;
		}
		if (section.hasContent) {
			const format = JSON_START.test(section.text) ? 'json' : 'yaml';
			yield { file, line: lineAt(offset), offset, text: section.text, format };
		}
		if (section.lost !== undefined) {
			const isAboutServers = mentionsToolhive(text.slice(offset + section.lost, separator?.index));
			yield broken({ file, line: lineAt(offset + section.lost), problem: BEHIND_DOTS }, isAboutServers);
		}
		const behind = separator?.[1]?.trim() ?? '';
		if (separator !== null && behind !== '' && !behind.startsWith('#')) {
			before.push({ file, line: lineAt(separator.index), problem: BEHIND_DASHES });
			isBeforeAboutServers ||= mentionsToolhive(behind);
		}
	}
}

/**
 * Returns the part of a section between two `---` lines that kubectl reads, and the offset of the first content that it
 * ignores.
 */
function sectionOf(whole: string) {
	const end = /(?<![^\n])\.\.\.(?!\S)[^\n]*\n?/.exec(whole);
	let text = whole.slice(0, end?.index);
	const behind = end === null ? whole.length : end.index + end[0].length;
	const lost = FIRST_CONTENT.exec(whole.slice(behind));
	let first = FIRST_CONTENT.exec(text);
	const directive = first?.[0] === '%' ? first.index : undefined;
	if (directive !== undefined) {
		text = text.replace(/(?<![^\n])%/g, '#');
		first = FIRST_CONTENT.exec(text);
	}
	return {
		text: text.endsWith('\n') ? text : `${text}\n`,
		hasContent: first !== null,
		...(directive !== undefined && { directive }),
		...(lost !== null && { lost: behind + lost.index }),
	};
}
