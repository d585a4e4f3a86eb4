/** Counts the results for the end of a report, and determines the exit code. */
import { isProblem, isSkipped, type Problem, type Skipped } from '../manifests/problem.ts';
import type { Reviewed } from './review.ts';

export interface Summary {
	readonly objects: number;
	readonly mutated: number;
	readonly denied: number;
	readonly warnings: number;
	/** The number of documents and files that could not be read or parsed. */
	readonly unreadable: number;
	/** The number of documents and files that are not manifests or not about ToolHive's servers. */
	readonly skipped: number;
}

export const EMPTY: Summary = { objects: 0, mutated: 0, denied: 0, warnings: 0, unreadable: 0, skipped: 0 };

export function counted(summary: Summary, one: Reviewed | Problem | Skipped): Summary {
	if (isProblem(one)) return { ...summary, unreadable: summary.unreadable + 1 };
	if (isSkipped(one)) return { ...summary, skipped: summary.skipped + 1 };
	return {
		...summary,
		objects: summary.objects + 1,
		mutated: summary.mutated + (one.verdict === 'mutated' ? 1 : 0),
		denied: summary.denied + (one.verdict === 'denied' ? 1 : 0),
		warnings: summary.warnings + one.warnings.length,
	};
}

/**
 * Exit codes: 0 nothing denied; 1 something denied, or with `isStrict` a warning; 2 something could not be read or
 * parsed.
 */
export function exitCodeOf({ denied, warnings, unreadable }: Summary, isStrict: boolean): 0 | 1 | 2 {
	if (unreadable > 0) return 2;
	return denied > 0 || (isStrict && warnings > 0) ? 1 : 0;
}
