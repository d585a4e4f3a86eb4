/**
 * Every proxy that reads Redis refuses to start on a key prefix without a final colon (ToolHive v0.13.0 and later).
 * Reads: sessionStorage.provider, sessionStorage.keyPrefix.
 * Allows: no prefix, an empty one, and any with memory, which has no keys.
 */
import { quote } from '../toolhive/printable.ts';
import { isObject } from '../toolhive/types.ts';
import type { Violation } from './finding.ts';
import { withVariableHint } from './unsubstituted.ts';

export function checkKeyPrefix(spec: unknown): Violation[] {
	const storage = isObject(spec) ? spec['sessionStorage'] : undefined;
	if (!isObject(storage) || storage['provider'] !== 'redis') return [];
	const { keyPrefix } = storage;
	if (typeof keyPrefix !== 'string' || keyPrefix === '' || keyPrefix.endsWith(':')) return [];
	return [
		{
			id: 'redis-key-prefix-invalid',
			field: 'spec.sessionStorage.keyPrefix',
			message: withVariableHint(`${quote(keyPrefix)} must end in a colon, such as "search:"`, keyPrefix),
			parts: [
				['sessionStorage', 'keyPrefix'],
				['sessionStorage', 'provider'],
			],
		},
	];
}
