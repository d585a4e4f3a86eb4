/** Formats tables in Markdown. */
import type { Spread } from './statistics.ts';

/** The keys of the first row become the column headings. */
export function table(rows: readonly Readonly<Record<string, string | number>>[]): string {
	const columns = Object.keys(rows[0] ?? {});
	const lines = rows.map((row) => {
		// An older record has no value for a new column.
		const missing = columns.find((column) => row[column] === undefined);
		if (missing !== undefined) throw new Error(`bench: a row without "${missing}"; measure that part again`);
		return `| ${columns.map((column) => row[column]).join(' | ')} |`;
	});
	return [`| ${columns.join(' | ')} |`, `|${columns.map(() => '---|').join('')}`, ...lines].join('\n');
}

export const spreadText = ({ median, min, max }: Spread): string => `${median} (${min} to ${max})`;
