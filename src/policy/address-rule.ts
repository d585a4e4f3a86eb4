/**
 * Denies redis without an address.
 * Reads: sessionStorage. The rule text is the schema's own `x-kubernetes-validations`, evaluated as in the API server.
 * Allows: a missing address with provider memory. If the evaluation fails, the request is denied.
 */
import { createRequire } from 'node:module';
import type { Kind } from '../api/names.ts';
import { type CelRule, SCALING_FIELDS, type Schema } from '../api/schema.ts';
import { isObject, type Json } from '../api/types.ts';
import type { FieldProblem } from './finding.ts';
import { redisIn, redisProblem } from './session-storage.ts';

// package.json installs @marcbachmann/cel-js under this name. The package that is named cel-js evaluates Kubernetes'
// rules wrongly.
type Cel = typeof import('cel-js');

const programs = new Map<CelRule, ReturnType<Cel['parse']>>();

/**
 * Loads the package for the first rule that is evaluated, so that a review of servers without session storage starts
 * faster.
 */
function compile(rule: CelRule): ReturnType<Cel['parse']> {
	const { parse }: Cel = createRequire(import.meta.url)('cel-js');
	const program = parse(rule.rule);
	programs.set(rule, program);
	return program;
}

/** Returns every CEL rule of the scaling schema that `fields` breaks. */
export const checkAddressMissing = (fields: Json, kind: Kind): FieldProblem[] =>
	Object.entries(SCALING_FIELDS[kind]).flatMap(([name, schema]) =>
		Object.hasOwn(fields, name) ? checkRules(schema, fields[name], name) : [],
	);

export const checkAddressEmpty = (fields: Json): FieldProblem[] =>
	isBlank(redisIn(fields)?.['address']) ? [redisProblem('address', 'must not be empty when provider is redis')] : [];

const isBlank = (value: unknown): boolean => typeof value === 'string' && value.trim() === '';

function checkRules(schema: Schema, value: unknown, name: string): FieldProblem[] {
	if (!isObject(value)) return [];
	return (schema['x-kubernetes-validations'] ?? []).flatMap((rule) => {
		const verdict = evaluate(rule, bind(schema, value));
		return verdict === undefined ? [] : [{ field: `spec.${name}`, parts: [[name]], ...verdict }];
	});
}

function evaluate(rule: CelRule, self: unknown): { message: string; isUnevaluated?: boolean } | undefined {
	try {
		return (programs.get(rule) ?? compile(rule))({ self }) === true ? undefined : { message: rule.message };
	} catch (error) {
		const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
		return { message: `${rule.message} (the rule could not be evaluated: ${reason})`, isUnevaluated: true };
	}
}

/**
 * Returns `value` as CEL needs it: a Map, so that keys such as `constructor` are ordinary keys, and integers as int64,
 * because CEL has no arithmetic between an int and a JavaScript number. Only fields of the schema are bound, because a
 * rule cannot name others.
 */
function bind(schema: Schema, value: unknown): unknown {
	if (schema.type === 'integer' && Number.isSafeInteger(value)) return BigInt(value as number);
	if (schema.properties === undefined || !isObject(value)) return value;
	const bound = new Map<string, unknown>();
	for (const [key, property] of Object.entries(schema.properties)) {
		if (Object.hasOwn(value, key)) bound.set(key, bind(property, value[key]));
	}
	return bound;
}
