/**
 * Checks the types, enums and minima of the scaling schema, even if the CRD of a cluster is less strict.
 * Reads: the scaling fields of `spec`, as sent.
 * Allows: fields that are not in the schema; they belong to a newer CRD.
 */
import type { Kind } from '../api/names.ts';
import { SCALING_FIELDS, type Schema } from '../api/schema.ts';
import { isObject, type Json } from '../api/types.ts';
import type { FieldProblem } from './finding.ts';
import { withVariableHint } from './unsubstituted.ts';

const IS_OF_TYPE: Readonly<Record<Schema['type'], (value: unknown) => boolean>> = {
	object: isObject,
	array: Array.isArray,
	string: (value) => typeof value === 'string',
	boolean: (value) => typeof value === 'boolean',
	integer: Number.isInteger,
};

/** Returns a problem for each of `fields` that does not match the schema. */
export const checkScalingFields = (fields: Json, kind: Kind): FieldProblem[] =>
	check({ type: 'object', properties: SCALING_FIELDS[kind] }, fields, []);

/**
 * Supports only the keywords that the scaling schema uses. Loading a validator package took a third of the run time of `review`.
 */
function check(schema: Schema, value: unknown, path: readonly string[]): FieldProblem[] {
	const problem = (message: string, ...missing: readonly string[]): FieldProblem => ({
		field: ['spec', ...path, ...missing].join('.'),
		message: withVariableHint(message, value),
		// A missing field cannot change, so this is the path of the object that lacks it.
		parts: [path],
	});
	if (!IS_OF_TYPE[schema.type](value)) return [problem(`must be of type ${schema.type}`)];
	if (isObject(value)) {
		const missing = schema.required?.filter((name) => !Object.hasOwn(value, name)) ?? [];
		const present = Object.entries(schema.properties ?? {}).filter(([name]) => Object.hasOwn(value, name));
		return [
			...missing.map((name) => problem('is required', name)),
			...present.flatMap(([name, property]) => check(property, value[name], [...path, name])),
		];
	}
	if (schema.enum?.includes(String(value)) === false) return [problem(`must be one of ${schema.enum.join(', ')}`)];
	if (schema.minimum !== undefined && Number(value) < schema.minimum)
		return [problem(`must be at least ${schema.minimum}`)];
	if (schema.format === 'int32' && Number(value) !== (Number(value) | 0)) return [problem('must be a 32-bit integer')];
	return [];
}
