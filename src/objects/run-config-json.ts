/**
 * Edits `runconfig.json` (ToolHive pkg/runner/config.go). The scaling fields are under `scaling_config`, which released
 * runners read, and at top level, where only this product writes them.
 */

import { isObject, type Json } from '../api/types.ts';
import type { RunConfigFields } from '../policy/run-config.ts';
import type { Settings } from '../policy/settings.ts';
import { mergeJson, parseJsonObject } from '../text/json.ts';

const SCALING_CONFIG = 'scaling_config';
const FIELDS = ['backend_replicas', 'session_redis'] as const;
type Field = (typeof FIELDS)[number];
type Wanted = Readonly<Partial<Record<Field, unknown>>>;

/**
 * Returns `text` with `fields`, or `text` itself if it already has them, or undefined if it is not a JSON object or too
 * long.
 */
export function editRunConfig(
	text: string,
	fields: RunConfigFields,
	layout: Settings['runConfigLayout'],
): string | undefined {
	const config = parseJsonObject(text);
	if (config === undefined) return undefined;
	const wanted = wantedOf(fields);
	if (isOperatorsOwn(config, wanted)) return text;
	const patch = {
		...fieldsPatch(config, wanted, (field) => Object.hasOwn(config, field)),
		...nestedPatch(config, wanted, layout),
	};
	if (Object.keys(patch).length === 0) return text;
	const edited = mergeJson(text, patch);
	// If a key is repeated, removing the last one makes the earlier one effective. A text with repeated keys is therefore
	// not changed.
	return edited !== undefined && isWritten(edited, wanted, layout) ? edited : undefined;
}

function wantedOf({ backendReplicas, redis }: RunConfigFields): Wanted {
	return {
		...(backendReplicas !== undefined && { backend_replicas: backendReplicas }),
		...(redis !== undefined && {
			session_redis: {
				address: redis.address,
				...(redis.db !== undefined && { db: redis.db }),
				...(redis.keyPrefix !== undefined && { key_prefix: redis.keyPrefix }),
			},
		}),
	};
}

/** Whether the operator's `scaling_config` already has the wanted fields and there is no top-level key. */
const isOperatorsOwn = (config: Json, wanted: Wanted): boolean =>
	FIELDS.every(
		(field) =>
			!Object.hasOwn(config, field) && (wanted[field] === undefined || isSame(nestedOf(config)[field], wanted[field])),
	);

/** The operator also writes `scaling_config`, so only a copy of a top-level key is removed from it. */
function nestedPatch(config: Json, wanted: Wanted, layout: Settings['runConfigLayout']): Json {
	const isWriting = layout === 'both' && Object.keys(wanted).length > 0;
	if (isWriting && !isObject(config[SCALING_CONFIG])) return { [SCALING_CONFIG]: wanted };
	const nested = nestedOf(config);
	const isRemoved = (field: Field): boolean => wanted[field] === undefined && isCopied(config, field);
	const patch = fieldsPatch(nested, isWriting ? wanted : {}, isRemoved);
	if (Object.keys(patch).length === 0) return {};
	const isEmpty = Object.keys({ ...nested, ...patch }).every((key) => patch[key] === null);
	return { [SCALING_CONFIG]: isEmpty ? null : patch };
}

function fieldsPatch(now: Json, wanted: Wanted, isRemoved: (field: Field) => boolean): Json {
	const changes = FIELDS.flatMap((field) => {
		if (wanted[field] === undefined) return isRemoved(field) ? [[field, null]] : [];
		return isSame(now[field], wanted[field]) ? [] : [[field, valuePatch(now[field], wanted[field])]];
	});
	return Object.fromEntries(changes);
}

const isCopied = (config: Json, field: string): boolean =>
	Object.hasOwn(config, field) &&
	Object.hasOwn(nestedOf(config), field) &&
	isSame(nestedOf(config)[field], config[field]);

/** Objects are written key by key, so that unknown keys, such as `tls`, stay. */
function valuePatch(now: unknown, wanted: unknown): unknown {
	if (!isObject(now) || !isObject(wanted)) return wanted;
	const keys = ['address', 'db', 'key_prefix'].filter((key) => now[key] !== wanted[key]);
	return Object.fromEntries(keys.map((key) => [key, wanted[key] ?? null]));
}

/** The runner reads an absent `db` as 0 and an absent `key_prefix` as empty. */
function isSame(value: unknown, wanted: unknown): boolean {
	if (!isObject(value) || !isObject(wanted)) return value === wanted;
	return (
		value['address'] === wanted['address'] &&
		(value['db'] ?? 0) === (wanted['db'] ?? 0) &&
		(value['key_prefix'] ?? '') === (wanted['key_prefix'] ?? '')
	);
}

function isWritten(text: string, wanted: Wanted, layout: Settings['runConfigLayout']): boolean {
	const config = parseJsonObject(text) ?? {};
	return FIELDS.every(
		(field) =>
			isSame(config[field], wanted[field]) &&
			(layout !== 'both' || wanted[field] === undefined || isSame(nestedOf(config)[field], wanted[field])),
	);
}

/** Whether the operator wrote a Redis section with TLS (ToolHive v0.55.1). */
export function runConfigHasTls(text: string): boolean {
	const redis = nestedOf(parseJsonObject(text) ?? {})['session_redis'];
	return isObject(redis) && isObject(redis['tls']);
}

const nestedOf = (config: Json): Json => (isObject(config[SCALING_CONFIG]) ? config[SCALING_CONFIG] : {});
