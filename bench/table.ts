/** Tables in Markdown. */
import type { Spread } from './statistics.ts';

/** One line per row; the keys of the first are the head. */
export function table(rows: readonly Readonly<Record<string, string | number>>[]): string {
	const columns = Object.keys(rows[0] ?? {});
	const lines = rows.map((row) => columns.map((column) => String(row[column])));
	return [columns, columns.map(() => '---'), ...lines]
		.map((cells) => `| ${cells.join(' | ')} |`)
		.join('\n')
		.replace(/^\| --- .*$/m, (line) => line.replaceAll(' ', ''));
}

export const spreadText = ({ median, min, max }: Spread): string => `${median} (${min} to ${max})`;
