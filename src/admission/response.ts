/** The decision about a request: allow, allow with a patch, or deny; each may have warnings. */

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

/**
 * Allows the request with the patch that turns `before` into `after`. A part that is the same reference in both is not
 * compared.
 */
export function patched(before: Json, after: Json, findings: readonly Finding[] = []): AdmissionDecision {
	if (before === after) return allow(findings);
	return { allowed: true, patch: patchBetween(before, after), findings };
}

/** Denies the request and lists all `violations`, because the API server shows only one of several denials. */
export const deny = (violations: readonly Violation[], findings: readonly Finding[]): AdmissionDecision => ({
	allowed: false,
	violations,
	findings,
});

/** Joins all violations into the message of one denial. Each violation begins with its field. */
export const denialText = (violations: readonly Violation[]): string =>
	violations.map(({ field, message }) => `${field}: ${message}`).join('; ');

/** The length that Kubernetes recommends. The API server may cut longer warnings, and the rule id is at their end. */
const WARNING_LENGTH = 120;

/** Returns the warning as one line of printable text: the API server drops a warning that has a control character. */
export function warningText({ field, message, id }: Finding): string {
	const end = ` (${id})`;
	return shortened(printable(`${field}: ${message}`), WARNING_LENGTH - end.length) + end;
}
