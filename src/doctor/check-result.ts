/** The result of a check, and the texts that several checks share. */
import { printable } from '../api/printable.ts';

export type Status = 'ok' | 'warn' | 'fail';

/** One line of the report. `subject` and `message` together form a sentence. */
export interface CheckResult {
	readonly status: Status;
	readonly subject: string;
	readonly message: string;
	/** The command or the step that fixes the problem. */
	readonly fix?: string;
}

export const ok = (subject: string, message: string): CheckResult => ({ status: 'ok', subject, message });

const withFix =
	(status: Status) =>
	(subject: string, message: string, fix: string): CheckResult => ({ status, subject, message, fix });
export const warn = withFix('warn');
export const fail = withFix('fail');

/** Returns the HTTP status of a call that the API server rejected. */
export const statusOf = (error: unknown): number | undefined =>
	error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined;

export const isForbidden = (error: unknown): boolean => statusOf(error) === 403;

/** Returns the fix for a missing permission. `action` is the argument of `kubectl auth can-i`. */
export const rerunWith = (action: string): string => `rerun with credentials that pass: kubectl auth can-i ${action}`;

export const TRY_AGAIN = 'try again; check that the API server is healthy';

const CANNOT = /cannot (\w+) resource "([^"]+)" in API group "([^"]*)"/;

/** Returns the result of a check that ended with `error`. If the caller lacks a permission, this is only a warning. */
export function notMade(error: Error): CheckResult {
	const subject = 'the check';
	if (!isForbidden(error)) return fail(subject, `was not run: ${error.message}`, TRY_AGAIN);
	const [, verb, resource, group] = CANNOT.exec(error.message) ?? [];
	if (verb === undefined) {
		return warn(subject, `was not run: ${error.message}`, 'rerun with other credentials, for example with --context');
	}
	const action = `${verb} ${resource}${group === '' ? '' : `.${group}`}`;
	return warn(subject, `was not run: no permission to ${action}`, rerunWith(action));
}

/** Replaces control characters, because names in the cluster could control a terminal. */
export const printableResult = (result: CheckResult): CheckResult =>
	Object.fromEntries(Object.entries(result).map(([key, text]) => [key, printable(text)])) as unknown as CheckResult;

/** Joins names as `a, b and 3 more`. */
export function someOf(names: readonly string[], shown = 5): string {
	const rest = names.length - shown;
	if (rest > 0) return `${names.slice(0, shown).join(', ')} and ${rest} more`;
	return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
