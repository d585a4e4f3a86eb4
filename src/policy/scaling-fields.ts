/**
 * The scaling fields have the types, enums and minima of the scaling schema, also where a cluster's CRD is looser.
 * Reads: the scaling fields of `spec`, as sent.
 * Allows: fields the schema does not know; they are a newer CRD's business.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Kind } from '../api/names.ts';
import { SCALING_FIELDS } from '../api/schema.ts';
import type { Json } from '../api/types.ts';
import type { Problem } from './finding.ts';
import { withVariableHint } from './unsubstituted.ts';

const INT32_MAX = 2 ** 31 - 1;
const INT32_MIN = -(2 ** 31);

const compiled = new Map<Kind, ValidateFunction>();

/** Compiled when it is first needed: that takes longer than everything else a short review does. */
function validatorOf(kind: Kind): ValidateFunction {
	let validator = compiled.get(kind);
	if (validator === undefined) {
		// Without the schema of schemas, which costs twice as much to compile as ours; a test holds ours against it.
		const ajv = new Ajv({
			allErrors: true,
			strict: true,
			meta: false,
			verbose: true,
			validateSchema: false,
			keywords: ['x-kubernetes-validations'],
		});
		ajv.addFormat('int32', { type: 'number', validate: (value: number) => value >= INT32_MIN && value <= INT32_MAX });
		validator = ajv.compile({ type: 'object', properties: SCALING_FIELDS[kind] });
		compiled.set(kind, validator);
	}
	return validator;
}

/** Each of `fields` that is not as the schema says. */
export function checkScalingFields(fields: Json, kind: Kind): Problem[] {
	const validate = validatorOf(kind);
	return validate(fields) ? [] : (validate.errors ?? []).map(violationOf);
}

function violationOf(error: ErrorObject): Problem {
	const path = error.instancePath.split('/').slice(1);
	// What is missing cannot change, so the part in question is the object that lacks it.
	const missing = error.keyword === 'required' ? [String(error.params['missingProperty'])] : [];
	const field = ['spec', ...path, ...missing].join('.');
	return { field, message: withVariableHint(messageOf(error), error.data), parts: [path] };
}

function messageOf(error: ErrorObject): string {
	switch (error.keyword) {
		case 'required':
			return 'is required';
		case 'type':
			return `must be of type ${String(error.params['type'])}`;
		case 'enum':
			return `must be one of ${(error.params['allowedValues'] as string[]).join(', ')}`;
		case 'minimum':
			return `must be at least ${String(error.params['limit'])}`;
		case 'format':
			return `must be a 32-bit integer`;
		default:
			return error.message ?? error.keyword;
	}
}
