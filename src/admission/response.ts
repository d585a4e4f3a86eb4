/** The three things an admission webhook can say. */

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

/** Allowed with what turns `before` into `after`. Parts that are the same reference are not looked at. */
export function patched(before: Json, after: Json, findings: readonly Finding[] = []): AdmissionDecision {
	if (before === after) return allow(findings);
	return { allowed: true, patch: patchBetween(before, after), findings };
}

/** Refused for all of `violations` at once: of several denials the API server shows only one. */
export const deny = (violations: readonly Violation[], findings: readonly Finding[]): AdmissionDecision => ({
	allowed: false,
	violations,
	findings,
});

/** One message for a denial, each violation beginning with its field. */
export const denialText = (violations: readonly Violation[]): string =>
	violations.map(({ field, message }) => `${field}: ${message}`).join('; ');

/** Kubernetes' recommendation; longer ones may be cut, with the id at their end. */
const WARNING_LENGTH = 120;

/** One line of printable text: the API server drops a warning with a control character in it. */
export function warningText({ field, message, id }: Finding): string {
	const end = ` (${id})`;
	return shortened(printable(`${field}: ${message}`), WARNING_LENGTH - end.length) + end;
}
