/** Renders the report as text: the effect on each object, its position, and how to fix problems. */
import { isKind, isOfToolhive } from '../api/names.ts';
import { printable } from '../api/printable.ts';
import { type Problem, problemText } from '../manifests/problem.ts';
import { RULES } from '../policy/rules.ts';
import { changesOf } from './difference.ts';
import type { Preview } from './preview.ts';
import type { Located, Reviewed } from './review.ts';
import type { Summary } from './summary.ts';

const CODES = { plain: 0, red: 31, green: 32, yellow: 33, bold: 1, dim: 2 } as const;

export type Paint = (colour: keyof typeof CODES, text: string) => string;

/**
 * Returns a function that colours text on a terminal, unless `NO_COLOR` is set. All output passes through it: names
 * come from files of unknown authors and must not send control characters to the terminal.
 */
export const paintFor = (isTerminal: boolean, noColor: string | undefined): Paint =>
	isTerminal && !noColor
		? (colour, text) => (colour === 'plain' ? printable(text) : `\u001b[${CODES[colour]}m${printable(text)}\u001b[0m`)
		: (_colour, text) => printable(text);

const VERDICTS = {
	unchanged: { symbol: '✓', colour: 'green' },
	mutated: { symbol: '~', colour: 'green' },
	denied: { symbol: '✗', colour: 'red' },
} as const;

const WARNED = { symbol: '!', colour: 'yellow' } as const;

/**
 * Returns the paragraph of one object. The paragraph is empty for an unchanged object that is not a server. With
 * `isQuiet` it has only denials and warnings.
 */
export function renderText(reviewed: Reviewed, paint: Paint, isQuiet = false): string {
	const { operation, kind, namespace, name, file, line, verdict } = reviewed;
	const { denials, warnings, conditions, notes, before, after } = reviewed;
	const isServer = isKind(kind) && isOfToolhive(reviewed.apiVersion);
	if (verdict === 'unchanged' && !isServer && warnings.length === 0 && notes.length === 0) return '';
	const title = `${kind} ${namespace}/${name || '(name generated)'}${operation === 'CREATE' ? '' : ` (${operation})`}`;
	const { symbol, colour } = verdict === 'denied' || warnings.length === 0 ? VERDICTS[verdict] : WARNED;
	const found = [
		`${paint(colour, `${symbol} ${verdict.padEnd(9)}`)} ${paint('bold', title)}  ${paint('dim', `${file}:${line}`)}`,
		...denials.flatMap((one) => findingLines(one, file, 'denied', paint)),
		...warnings.flatMap((one) => findingLines(one, file, 'warning', paint)),
	];
	if (isQuiet) return denials.length + warnings.length === 0 ? '' : `${found.join('\n')}\n`;
	return [
		...found,
		...notes.map((note) => paint('plain', `    note: ${note}`)),
		...(after === undefined || after === before ? [] : changeLines(before, after, paint)),
		...reviewed.previews.flatMap((one) => previewLines(one, paint)),
		...conditions.map(({ type, status, reason }) => `    status: ${type} ${status} (${reason})`),
		'',
	].join('\n');
}

const findingLines = ({ id, field, message, line }: Located, file: string, word: string, paint: Paint): string[] => [
	`    ${paint(word === 'denied' ? 'red' : 'yellow', word)}: ${paint('plain', `${field}: ${message}`)}`,
	`        ${paint('dim', `${file}:${line}  ${id}`)}`,
	...fixLines(id),
];

const fixLines = (id: string): string[] => {
	const rule = RULES.find((one) => one.id === id);
	return rule === undefined ? [] : [`        → ${rule.fix}`];
};

const changeLines = (before: unknown, after: unknown, paint: Paint): string[] =>
	changesOf(before, after).flatMap(({ path, was, is }) => [
		...(was === undefined ? [] : [paint('red', `    - ${path}: ${was}`)]),
		...(is === undefined ? [] : [paint('green', `    + ${path}: ${is}`)]),
	]);

const previewLines = ({ kind, name, additions }: Preview, paint: Paint): string[] => [
	...(additions.length === 0 ? [] : [paint('plain', `    its ${kind} ${name} will get`)]),
	...additions.map(({ path, value }) => paint('green', `      + ${path}: ${value}`)),
];

/** Repeats the problems at the end, because a long report may hide them. */
export const problemsText = (problems: readonly Problem[], paint: Paint): string =>
	problems.map((one) => `${paint('red', `✗ ${'unread'.padEnd(9)}`)} ${paint('plain', problemText(one))}\n`).join('');

export function summaryText(summary: Summary, isStrict: boolean, paint: Paint): string {
	const { objects, mutated, denied, warnings, unreadable, skipped } = summary;
	const counted = isStrict ? ' (counted as denials)' : '';
	const parts = [
		denied > 0 ? paint('red', `${denied} denied`) : 'none denied',
		`${mutated} mutated`,
		warnings === 0 ? 'no warnings' : paint('yellow', `${count(warnings, 'warning')}${counted}`),
		...(unreadable > 0 ? [paint('red', `${unreadable} unread`)] : []),
		...(skipped > 0 ? [`${skipped} skipped`] : []),
	];
	return `${count(objects, 'object')} reviewed: ${parts.join(', ')}\n`;
}

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
