/** Tables in Markdown. */
import type { Spread } from './statistics.ts';

/** One line per row; the keys of the first are the head. */
export function table(rows: readonly Readonly<Record<string, string | number>>[]): string {
	const columns = Object.keys(rows[0] ?? {});
	const lines = rows.map((row) => columns.map((column) => cellOf(row, column)));
	return [columns, columns.map(() => '---'), ...lines]
		.map((cells) => `| ${cells.join(' | ')} |`)
		.join('\n')
		.replace(/^\| --- .*$/m, (line) => line.replaceAll(' ', ''));
}

/** What was recorded before a figure was thought of has none. */
function cellOf(row: Readonly<Record<string, string | number>>, column: string): string {
	const cell = row[column];
	if (cell === undefined) throw new Error(`bench: a row without "${column}"; measure that part anew`);
	return String(cell);
}

export const spreadText = ({ median, min, max }: Spread): string => `${median} (${min} to ${max})`;
