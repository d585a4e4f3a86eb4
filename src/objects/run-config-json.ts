/**
 * `runconfig.json`: the scaling fields at top level, and under `scaling_config`, which is what released runners read.
 * Shape: ToolHive pkg/runner/config.go; the top-level keys are ours alone.
 */
import type { RunConfigFields } from '../policy/run-config.ts';
import type { Settings } from '../policy/settings.ts';
import { isObject, type Json } from '../toolhive/types.ts';
import { removeKey, setKey } from './json-text.ts';

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
	const edited = editNested(editTop(text, config, wanted), config, wanted, layout);
	// Of a key that stood twice the other one counts once the last is removed: better nothing than half of it.
	return edited === text || isWritten(edited, wanted, layout) ? edited : undefined;
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
function editTop(text: string, config: Json, wanted: Wanted): string {
	let edited = text;
	for (const field of FIELDS) {
		edited =
			wanted[field] === undefined ? removeKey(edited, [field]) : writeAt(edited, [field], config[field], wanted[field]);
	}
	return edited;
}

/** Under `scaling_config` the operator writes too: only what came with a top-level key of ours goes. */
function editNested(text: string, config: Json, wanted: Wanted, layout: Settings['runConfigLayout']): string {
	const isWriting = layout === 'both' && Object.keys(wanted).length > 0;
	if (isWriting && !isObject(config[SCALING_CONFIG])) return setKey(text, [SCALING_CONFIG], wanted);
	const nested = nestedOf(config);
	let edited = text;
	const keys = new Set(Object.keys(nested));
	for (const field of FIELDS) {
		if (isWriting && wanted[field] !== undefined) {
			edited = writeAt(edited, [SCALING_CONFIG, field], nested[field], wanted[field]);
			keys.add(field);
		} else if (wanted[field] === undefined && isOurTwin(config, field)) {
			edited = removeKey(edited, [SCALING_CONFIG, field]);
			keys.delete(field);
		}
	}
	return keys.size === 0 && edited !== text ? removeKey(edited, [SCALING_CONFIG]) : edited;
}

const isOurTwin = (config: Json, field: string): boolean =>
	Object.hasOwn(config, field) &&
	Object.hasOwn(nestedOf(config), field) &&
	says(nestedOf(config)[field], config[field]);

/** Objects are written key by key, so that keys we do not know, such as `tls`, stay. */
function writeAt(text: string, path: readonly string[], now: unknown, wanted: unknown): string {
	if (says(now, wanted)) return text;
	if (!isObject(now) || !isObject(wanted)) return setKey(text, path, wanted);
	let edited = text;
	for (const key of ['address', 'db', 'key_prefix']) {
		if (Object.hasOwn(wanted, key)) {
			if (now[key] !== wanted[key]) edited = setKey(edited, [...path, key], wanted[key]);
		} else edited = removeKey(edited, [...path, key]);
	}
	return edited;
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

function isWritten(text: string, wanted: Wanted, layout: Settings['runConfigLayout']): boolean {
	const config = parseObject(text) ?? {};
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
