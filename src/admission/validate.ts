/** `POST /validate`: denials and warnings for servers. This webhook makes no API call. */
import { isDeepStrictEqual } from 'node:util';
import { GROUP, KIND_LIST, KINDS, type Kind } from '../api/names.ts';
import { SCALING_FIELDS } from '../api/schema.ts';
import { isObject, type Json } from '../api/types.ts';
import { isBeingDeleted, valueAt } from '../objects/metadata.ts';
import { serverOf } from '../objects/server.ts';
import type { Violation } from '../policy/finding.ts';
import { serverFindings, serverViolations } from '../policy/rules.ts';
import type { Cluster } from './cluster.ts';
import { type AdmissionDecision, allow, deny } from './response.ts';
import type { Request } from './review.ts';

const RESOURCES: ReadonlySet<string> = new Set(KIND_LIST.map((kind) => `${GROUP}/${KINDS[kind].plural}`));

export function validate(request: Request, cluster: Cluster): AdmissionDecision {
	const { object, oldObject, operation, resource, namespace } = request;
	if (object === undefined || (operation !== 'CREATE' && operation !== 'UPDATE')) return allow();
	if (!RESOURCES.has(resource) || isBeingDeleted(object)) return allow();
	const server = serverOf(object, namespace);
	if (server === undefined) return allow();

	const before = oldObject === undefined ? undefined : serverOf(oldObject, namespace);
	const findings = serverFindings({ server, before, clusterContext: cluster.clusterContextOf(server) });
	const violations = newViolations(server.kind, object['spec'], oldObject);
	return violations.length > 0 ? deny(violations, findings) : allow(findings);
}

function newViolations(kind: Kind, spec: unknown, oldObject: Json | undefined): Violation[] {
	const fields = scalingFieldsOf(kind, spec);
	const before = oldObject === undefined ? undefined : scalingFieldsOf(kind, oldObject['spec']);
	const isNew = (violation: Violation): boolean => before === undefined || isChanged(violation, fields, before);
	const violations = serverViolations(fields, kind).filter(isNew);
	// A value of the wrong shape makes other rules fail to evaluate. Only the message about the shape helps the user.
	const evaluated = violations.filter(({ isUnevaluated }) => !isUnevaluated);
	return evaluated.length > 0 ? evaluated : violations;
}

/** Omits nulls: the API server drops them, so they mean "not set". */
function scalingFieldsOf(kind: Kind, spec: unknown): Json {
	if (!isObject(spec)) return {};
	const known = Object.keys(SCALING_FIELDS[kind]).filter((field) => Object.hasOwn(spec, field));
	return withoutNulls(Object.fromEntries(known.map((field) => [field, spec[field]])));
}

const withoutNulls = (object: Json): Json =>
	Object.fromEntries(
		Object.entries(object).flatMap(([key, value]) =>
			value === null ? [] : [[key, isObject(value) ? withoutNulls(value) : value]],
		),
	);

/**
 * Ratcheting, as in the API server: a violation that is already stored passes, because users must be able to edit and
 * delete the stored object.
 */
const isChanged = ({ parts }: Violation, spec: unknown, before: unknown): boolean =>
	parts.some((path) => !isDeepStrictEqual(valueAt(spec, path), valueAt(before, path)));
