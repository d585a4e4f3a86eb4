/**
 * Denies a key prefix without a final colon: every proxy that reads Redis would refuse to start (ToolHive v0.13.0 and
 * later).
 */
import { quote } from '../api/printable.ts';
import type { Json } from '../api/types.ts';
import type { FieldProblem } from './finding.ts';
import { redisIn, redisProblem } from './session-storage.ts';
import { withVariableHint } from './unsubstituted.ts';

export function checkKeyPrefix(fields: Json): FieldProblem[] {
	const keyPrefix = redisIn(fields)?.['keyPrefix'];
	if (typeof keyPrefix !== 'string' || keyPrefix === '' || keyPrefix.endsWith(':')) return [];
	const message = withVariableHint(`${quote(keyPrefix)} must end in a colon, such as "search:"`, keyPrefix);
	return [redisProblem('keyPrefix', message)];
}
