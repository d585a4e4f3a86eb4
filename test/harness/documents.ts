/** Reads the documentation, for tests that compare it with the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

export const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const pagesIn = (folder: string): string[] =>
	readdirSync(join(ROOT, folder))
		.filter((file) => file.endsWith('.md'))
		.map((file) => `${folder}/${file}`);

/** Paths relative to the root of the project. */
export const DOCUMENTS: readonly string[] = [
	'README.md',
	'CHANGELOG.md',
	'CONTRIBUTING.md',
	'SECURITY.md',
	'certs/README.md',
	...pagesIn('docs'),
	...pagesIn('docs/adr'),
];

/** Returns the text between a line that begins with `begin` and one that begins with `end`, or the rest of the text. */
export function between(text: string, begin: string, end: string): string {
	const from = text.indexOf(`\n${begin}`);
	const to = text.indexOf(`\n${end}`, from + 1);
	return from === -1 ? '' : text.slice(from, to === -1 ? undefined : to);
}

/** Returns the cells of each row in the Markdown tables in `text`, without headers. */
export function rowsOf(text: string): string[][] {
	const lines = text.split('\n');
	return lines.flatMap((line, index) => {
		const isHead = lines[index + 1]?.startsWith('|---') === true;
		if (!line.startsWith('| ') || isHead) return [];
		const cells = line.split(/(?<!\\)\|/).slice(1, -1);
		return [cells.map((cell) => cell.trim())];
	});
}

/** Returns every text in backticks. */
export const codesOf = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

/**
 * Returns the code in a document: the code blocks, then every text in backticks. `text` blocks are output, and are
 * skipped.
 */
export function snippetsOf(text: string): string[] {
	const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)];
	const code = blocks.flatMap(([, language, block = '']) => (language === 'text' ? [] : [block]));
	return [...code, ...codesOf(withoutCode(text))];
}

export const withoutCode = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, '');

/**
 * Returns the anchors that GitHub creates for headings: lower case, words joined by `-`, and `-1` after a repeated
 * name.
 */
export function anchorsIn(text: string): Set<string> {
	const seen = new Map<string, number>();
	const anchors = new Set<string>();
	for (const [, title = ''] of withoutCode(text).matchAll(/^#{1,6} (.+)$/gm)) {
		const plain = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');
		const slug = plain
			.trim()
			.toLowerCase()
			.replaceAll(/[^\p{L}\p{N} _-]/gu, '')
			.replaceAll(' ', '-');
		const count = seen.get(slug) ?? 0;
		seen.set(slug, count + 1);
		anchors.add(count === 0 ? slug : `${slug}-${count}`);
	}
	return anchors;
}
