/** `POST /validate`: denials and warnings for servers. Never asks the cluster anything it does not remember. */
import { isBeingDeleted, valueAt } from '../objects/metadata.ts';
import { serverOf } from '../objects/server.ts';
import { checkAddress } from '../policy/address-rule.ts';
import { findingsOf } from '../policy/decide.ts';
import type { Violation } from '../policy/finding.ts';
import { checkKeyPrefix } from '../policy/key-prefix.ts';
import { checkAddressForm } from '../policy/redis-address.ts';
import { checkScalingFields } from '../policy/scaling-fields.ts';
import { GROUP, KIND_LIST, KINDS, type Kind } from '../toolhive/names.ts';
import { SCALING_FIELDS } from '../toolhive/schema.ts';
import { isObject, type Json } from '../toolhive/types.ts';
import { type Answer, allow, deny } from './answer.ts';
import type { Cluster } from './cluster.ts';
import type { Request } from './review.ts';

const RESOURCES: ReadonlySet<string> = new Set(KIND_LIST.map((kind) => `${GROUP}/${KINDS[kind].plural}`));

export function validate(request: Request, cluster: Cluster): Answer {
	const { object, oldObject, operation, resource, namespace } = request;
	if (object === undefined || (operation !== 'CREATE' && operation !== 'UPDATE')) return allow();
	if (!RESOURCES.has(resource) || isBeingDeleted(object)) return allow();
	const server = serverOf(object, namespace);
	if (server === undefined) return allow();

	const before = oldObject === undefined ? undefined : serverOf(oldObject, namespace);
	const findings = findingsOf({ server, before, surroundings: cluster.surroundingsOf(server) });
	const violations = violationsOf(server.kind, object['spec'], oldObject);
	return violations.length > 0 ? deny(violations, findings) : allow(findings);
}

function violationsOf(kind: Kind, spec: unknown, oldObject: Json | undefined): Violation[] {
	const fields = scalingFieldsOf(kind, spec);
	const before = oldObject === undefined ? undefined : scalingFieldsOf(kind, oldObject['spec']);
	const isNew = (violation: Violation): boolean => before === undefined || isChanged(violation, fields, before);
	const ofFields = checkScalingFields(kind, fields).filter(isNew);
	const ofRules = [...checkAddress(kind, fields), ...checkAddressForm(fields), ...checkKeyPrefix(fields)].filter(isNew);
	// A rule fails to evaluate on a value of the wrong shape; where the shape is denied already, that says it better.
	return [...ofFields, ...ofRules.filter(({ isUnevaluated }) => !isUnevaluated || ofFields.length === 0)];
}

/** Only the fields that are ours to judge, without nulls: the API server drops those as well, so they mean "not set". */
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

/** Ratcheting: what was already so is let through, or nobody could edit or delete such an object any more. */
const isChanged = ({ parts }: Violation, spec: unknown, before: unknown): boolean =>
	parts.some((path) => !isEqual(valueAt(spec, path), valueAt(before, path)));

function isEqual(a: unknown, b: unknown): boolean {
	if (a === b) return true;
	if (!isObject(a) || !isObject(b)) return Array.isArray(a) && JSON.stringify(a) === JSON.stringify(b);
	const keys = Object.keys(a);
	return (
		keys.length === Object.keys(b).length &&
		keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], (b as Json)[key]))
	);
}
