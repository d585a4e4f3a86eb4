/**
 * Edits `config.yaml` of vMCP: the section `sessionStorage{provider,address,db,keyPrefix}` (ToolHive pkg/vmcp/config).
 * The section is never removed: an operator that supports the section writes it, and any other operator sends the file
 * without it.
 */
import { type Document, isMap } from 'yaml';
import type { RedisFields } from '../policy/run-config.ts';
import { parseMapping, writeSection } from '../text/yaml.ts';

const SECTION = 'sessionStorage';

/**
 * Returns `text` with the section for `redis`, or `text` itself if it already has it, or undefined if it is not a YAML
 * mapping or too long.
 */
export function editVmcpConfig(text: string, redis: RedisFields): string | undefined {
	const document = parseMapping(text);
	if (document === undefined || hasRedis(document, redis)) return document && text;
	const { address, db = null, keyPrefix = null } = redis;
	return writeSection(text, document, SECTION, { provider: 'redis', address, db, keyPrefix });
}

/** Whether the operator wrote a Redis section with TLS (ToolHive v0.55.1). */
export function vmcpConfigHasTls(text: string): boolean {
	const section = parseMapping(text)?.get(SECTION);
	return isMap(section) && isMap(section.get('tls'));
}

function hasRedis(document: Document, redis: RedisFields): boolean {
	const section = document.get(SECTION);
	return (
		isMap(section) &&
		section.get('provider') === 'redis' &&
		section.get('address') === redis.address &&
		(section.get('db') ?? 0) === (redis.db ?? 0) &&
		(section.get('keyPrefix') ?? '') === (redis.keyPrefix ?? '')
	);
}
