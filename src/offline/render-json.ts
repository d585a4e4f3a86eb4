/**
 * Renders the report as one JSON object. The report is written in parts, so that a long report does not fill the
 * memory.
 */
import type { Problem } from '../manifests/problem.ts';
import { writeJson } from '../manifests/values.ts';
import type { Reviewed } from './review.ts';
import type { Summary } from './summary.ts';

export const JSON_START = '{ "objects": [';

/** Returns one entry. A comma precedes each entry but the first. */
export function jsonOf(reviewed: Reviewed, isFirst: boolean): string {
	const { file, line, apiVersion, kind, namespace, name, verdict, message, patch } = reviewed;
	const { denials, warnings, conditions, after } = reviewed;
	const entry = {
		file,
		line,
		apiVersion,
		kind,
		namespace,
		name,
		verdict,
		...(message !== undefined && { message, denials }),
		patch,
		warnings,
		conditions,
		...(after !== undefined && { after }),
	};
	return `${isFirst ? '' : ','}\n${writeJson(entry, 2)}`;
}

/**
 * Returns the end of the report. `problems` is present only if something could not be read, `skipped` only if something
 * was skipped.
 */
export const jsonEnd = (
	{ objects, mutated, denied, warnings, skipped }: Summary,
	problems: readonly Problem[],
): string => {
	const summary = writeJson({ objects, mutated, denied, warnings, ...(skipped > 0 && { skipped }) });
	const unread = problems.length === 0 ? '' : `,\n"problems": ${writeJson(problems, 2)}`;
	return `\n],\n"summary": ${summary}${unread} }\n`;
};
