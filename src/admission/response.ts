/** The decision about a request: allowed, allowed with a patch, or denied; each with warnings. */

import { printable, shortened } from '../api/printable.ts';
import type { Json, Operation } from '../api/types.ts';
import type { Finding, Violation } from '../policy/finding.ts';
import { patchBetween } from './patch.ts';

export type AdmissionDecision =
	| { readonly allowed: true; readonly patch: readonly Operation[]; readonly findings: readonly Finding[] }
	| { readonly allowed: false; readonly violations: readonly Violation[]; readonly findings: readonly Finding[] };

const UNTOUCHED: AdmissionDecision = { allowed: true, patch: [], findings: [] };

export const allow = (findings: readonly Finding[] = []): AdmissionDecision =>
	findings.length === 0 ? UNTOUCHED : { allowed: true, patch: [], findings };

/** Allowed, with the patch that turns `before` into `after`. Parts that are the same reference are not compared. */
export function patched(before: Json, after: Json, findings: readonly Finding[] = []): AdmissionDecision {
	if (before === after) return allow(findings);
	return { allowed: true, patch: patchBetween(before, after), findings };
}

/** Denied for all `violations` at once: the API server shows only one of several denials. */
export const deny = (violations: readonly Violation[], findings: readonly Finding[]): AdmissionDecision => ({
	allowed: false,
	violations,
	findings,
});

/** One message for a denial, each violation beginning with its field. */
export const denialText = (violations: readonly Violation[]): string =>
	violations.map(({ field, message }) => `${field}: ${message}`).join('; ');

/** Kubernetes' recommendation. A longer warning may be cut, and the id is at its end. */
const WARNING_LENGTH = 120;

/** One line of printable text: the API server drops a warning with a control character in it. */
export function warningText({ field, message, id }: Finding): string {
	const end = ` (${id})`;
	return shortened(printable(`${field}: ${message}`), WARNING_LENGTH - end.length) + end;
}
