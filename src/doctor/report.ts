/** The report as text or as JSON. */
import type { Status } from './check-result.ts';
import { CHECKS, type Line } from './run-checks.ts';

const STATUSES: readonly Status[] = ['ok', 'warn', 'fail'];

export const summaryOf = (lines: readonly Line[]): Readonly<Record<Status, number>> =>
	Object.fromEntries(
		STATUSES.map((status) => [status, lines.filter((line) => line.status === status).length]),
	) as Record<Status, number>;

/** ANSI colours: green, yellow and red. */
const COLOURS: Readonly<Record<Status, number>> = { ok: 32, warn: 33, fail: 31 };
const WIDEST = Math.max(...Object.values(CHECKS).map(({ title }) => title.length));

export function textReport(lines: readonly Line[], isColoured: boolean): string {
	const painted = (status: Status): string => {
		const text = status.padEnd(4);
		return isColoured ? `\u001b[${COLOURS[status]}m${text}\u001b[0m` : text;
	};
	const indent = ' '.repeat(4 + 2 + WIDEST + 2);
	const texts = lines.flatMap(({ id, status, subject, message, fix }, index) => [
		`${painted(status)}  ${CHECKS[id].title.padEnd(WIDEST)}  ${subject} ${message}`,
		// Consecutive lines with the same fix print it once.
		...(fix === undefined || fix === lines[index + 1]?.fix ? [] : [`${indent}→ ${fix}`]),
	]);
	const summary = summaryOf(lines);
	return [...texts, '', STATUSES.map((status) => `${summary[status]} ${status}`).join(', '), ''].join('\n');
}

export const jsonReport = (lines: readonly Line[]): string =>
	`${JSON.stringify({ checks: lines, summary: summaryOf(lines) }, null, 2)}\n`;
