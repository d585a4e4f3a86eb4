/**
 * `runconfig.json`: the scaling fields at top level, and under `scaling_config`, which is what released runners read.
 * Shape: ToolHive pkg/runner/config.go; the top-level keys are ours alone.
 */

import { isObject, type Json } from '../api/types.ts';
import type { RunConfigFields } from '../policy/run-config.ts';
import type { Settings } from '../policy/settings.ts';
import { mergeJson } from '../text/json.ts';

/** Far above what an operator writes, and so small that a text made to be slow costs milliseconds. UTF-16 units. */
const LONGEST_TEXT = 512 * 1024;

const SCALING_CONFIG = 'scaling_config';
const FIELDS = ['backend_replicas', 'session_redis'] as const;
type Wanted = Readonly<Partial<Record<(typeof FIELDS)[number], unknown>>>;

/** `text` with what `fields` say; `text` itself where it already says so; undefined where it is no JSON object or too long. */
export function editRunConfig(
	text: string,
	fields: RunConfigFields,
	layout: Settings['runConfigLayout'],
): string | undefined {
	const config = parseObject(text);
	if (config === undefined) return undefined;
	const wanted = wantedOf(fields);
	if (isOperatorsOwn(config, wanted)) return text;
	const patch = { ...topPatch(config, wanted), ...nestedPatch(config, wanted, layout) };
	const edited = Object.keys(patch).length === 0 ? text : merged(text, patch);
	// Of a key that stood twice the other one counts once the last is removed: better nothing than half of it.
	return edited === text || isWritten(edited, wanted, layout) ? edited : undefined;
}

/** Undefined where `text` has more levels than the parser can follow. */
function merged(text: string, patch: Json): string | undefined {
	try {
		return mergeJson(text, patch);
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
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

/** Nothing of ours is in it, and what is wanted already stands in the operator's `scaling_config`. */
const isOperatorsOwn = (config: Json, wanted: Wanted): boolean =>
	FIELDS.every(
		(field) =>
			!Object.hasOwn(config, field) && (wanted[field] === undefined || says(nestedOf(config)[field], wanted[field])),
	);

/** The top-level keys are ours alone, so what is not wanted goes. */
function topPatch(config: Json, wanted: Wanted): Json {
	const changes = FIELDS.flatMap((field) => {
		if (wanted[field] === undefined) return Object.hasOwn(config, field) ? [[field, null]] : [];
		return says(config[field], wanted[field]) ? [] : [[field, valuePatch(config[field], wanted[field])]];
	});
	return Object.fromEntries(changes);
}

/** Under `scaling_config` the operator writes too: only what came with a top-level key of ours goes. */
function nestedPatch(config: Json, wanted: Wanted, layout: Settings['runConfigLayout']): Json {
	const isWriting = layout === 'both' && Object.keys(wanted).length > 0;
	if (isWriting && !isObject(config[SCALING_CONFIG])) return { [SCALING_CONFIG]: wanted };
	const nested = nestedOf(config);
	const changes = FIELDS.flatMap((field) => {
		if (wanted[field] === undefined) return isOurTwin(config, field) ? [[field, null]] : [];
		if (!isWriting || says(nested[field], wanted[field])) return [];
		return [[field, valuePatch(nested[field], wanted[field])]];
	});
	if (changes.length === 0) return {};
	const patch: Json = Object.fromEntries(changes);
	const isEmpty = Object.keys({ ...nested, ...patch }).every((key) => patch[key] === null);
	return { [SCALING_CONFIG]: isEmpty ? null : patch };
}

const isOurTwin = (config: Json, field: string): boolean =>
	Object.hasOwn(config, field) &&
	Object.hasOwn(nestedOf(config), field) &&
	says(nestedOf(config)[field], config[field]);

/** Objects are written key by key, so that keys we do not know, such as `tls`, stay. */
function valuePatch(now: unknown, wanted: unknown): unknown {
	if (!isObject(now) || !isObject(wanted)) return wanted;
	const keys = ['address', 'db', 'key_prefix'].filter((key) => now[key] !== wanted[key]);
	return Object.fromEntries(keys.map((key) => [key, wanted[key] ?? null]));
}

/** Whether `value` means what `wanted` says: to the runner an absent `db` is 0 and an absent `key_prefix` is empty. */
function says(value: unknown, wanted: unknown): boolean {
	if (!isObject(value) || !isObject(wanted)) return value === wanted;
	return (
		value['address'] === wanted['address'] &&
		(value['db'] ?? 0) === (wanted['db'] ?? 0) &&
		(value['key_prefix'] ?? '') === (wanted['key_prefix'] ?? '')
	);
}

function isWritten(text: string | undefined, wanted: Wanted, layout: Settings['runConfigLayout']): boolean {
	const config = parseObject(text ?? '') ?? {};
	return FIELDS.every(
		(field) =>
			says(config[field], wanted[field]) &&
			(layout !== 'both' || wanted[field] === undefined || says(nestedOf(config)[field], wanted[field])),
	);
}

/** Whether the operator wrote a Redis section with TLS (ToolHive v0.62.0). */
export function runConfigHasTls(text: string): boolean {
	const redis = nestedOf(parseObject(text) ?? {})['session_redis'];
	return isObject(redis) && isObject(redis['tls']);
}

const nestedOf = (config: Json): Json => (isObject(config[SCALING_CONFIG]) ? config[SCALING_CONFIG] : {});

function parseObject(text: string): Json | undefined {
	if (text.length > LONGEST_TEXT) return undefined;
	try {
		const value: unknown = JSON.parse(text);
		return isObject(value) ? value : undefined;
	} catch {
		return undefined;
	}
}
