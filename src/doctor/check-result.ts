/** How a check says what it found. */

export type Status = 'ok' | 'warn' | 'fail';

/** One line. `subject` and `message` together are a sentence. */
export interface CheckResult {
	readonly status: Status;
	readonly subject: string;
	readonly message: string;
	/** The command or the step that mends it. */
	readonly fix?: string;
}

export const ok = (subject: string, message: string): CheckResult => ({ status: 'ok', subject, message });
export const warn = (subject: string, message: string, fix: string): CheckResult => ({
	status: 'warn',
	subject,
	message,
	fix,
});
export const fail = (subject: string, message: string, fix: string): CheckResult => ({
	status: 'fail',
	subject,
	message,
	fix,
});

/** HTTP status of a call that the API server refused. */
export const statusOf = (error: unknown): number | undefined =>
	error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined;

export const isForbidden = (error: unknown): boolean => statusOf(error) === 403;

/** `text` as one word of a shell command: names come from the cluster, and a command is there to be copied. */
export const shellWord = (text: string): string =>
	/^[\w./:@=,+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** `a, b and 3 more` */
export function someOf(names: readonly string[], shown = 5): string {
	const rest = names.length - shown;
	if (rest > 0) return `${names.slice(0, shown).join(', ')} and ${rest} more`;
	return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
