/** Cuts JSON that arrives in pieces after each value, without parsing it. */
import { createMention, mentionsToolhive } from './mention.ts';
import { broken, type Problem, type Skipped } from './problem.ts';
import type { Source } from './split.ts';

/** Characters. */
const LONGEST = 64 * 1024 * 1024;
const TOO_LONG = 'one value of more than 64 MiB; cut it into several';

/** They are kept only because YAML may follow, for which they count. */
const MOST_BLANKS = 1024 * 1024;

/** What is left where something else than a value begins, and its line. */
export interface Left {
	readonly text: string;
	readonly line: number;
}

/** Reads on as long as one value follows another. Leaves `pieces` open. */
export async function* valuesIn(
	file: string,
	pieces: AsyncIterator<string>,
): AsyncGenerator<Source | Problem | Skipped, Left | undefined> {
	let parts: string[] = [];
	let length = 0;
	let depth = 0;
	let isInString = false;
	let isEscaped = false;
	let line = 1;
	let begins = 1;
	/** Blanks between two values, of the last line only. */
	let blanks = '';

	/** Of the parts that are too many to be kept. */
	let mention = createMention();

	const keep = (part: string): void => {
		length += part.length;
		if (length <= LONGEST) parts.push(part);
		else mention(part);
	};
	const value = (): Source | Problem | Skipped =>
		length > LONGEST
			? broken({ file, line: begins, problem: TOO_LONG }, mention('') || mentionsToolhive(parts.join('')))
			: { file, line: begins, text: parts.join(''), format: 'json' };

	for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
		const piece = next.value;
		let from = 0;
		while (from < piece.length) {
			if (depth === 0) {
				const start = indexOf(/\S/g, piece, from);
				const between = piece.slice(from, start);
				line += countLines(between);
				blanks = (between.includes('\n') ? '' : blanks) + between.slice(between.lastIndexOf('\n') + 1);
				if (blanks.length > MOST_BLANKS) blanks = '';
				if (start === piece.length) break;
				if (piece[start] !== '{') return { text: blanks + piece.slice(start), line };
				parts = [];
				length = 0;
				mention = createMention();
				begins = line;
				blanks = '';
				from = start;
			}
			// Only these can change what the rest of the text is.
			const marks = /["\\{}[\]\n]/g;
			marks.lastIndex = from + Number(isEscaped);
			isEscaped = false;
			let end = piece.length;
			for (let found = marks.exec(piece); found !== null; found = marks.exec(piece)) {
				const [mark] = found;
				if (mark === '\n') line += 1;
				else if (mark === '\\') {
					isEscaped = isInString && marks.lastIndex === piece.length;
					if (isInString) marks.lastIndex += 1;
				} else if (mark === '"') isInString = !isInString;
				else if (!isInString) depth += mark === '{' || mark === '[' ? 1 : -1;
				if (depth === 0) {
					end = found.index + 1;
					break;
				}
			}
			keep(piece.slice(from, end));
			from = end;
			if (depth === 0) yield value();
		}
	}
	if (depth > 0) yield value();
	return undefined;
}

function indexOf(pattern: RegExp, text: string, from: number): number {
	pattern.lastIndex = from;
	return pattern.exec(text)?.index ?? text.length;
}

const countLines = (text: string): number => text.split('\n').length - 1;
