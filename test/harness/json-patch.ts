/** Implements RFC 6902 strictly for the operations that the product sends, independent of the product's library. */
import { isObject, type Json, type Operation } from '../../src/api/types.ts';

export const patchedBy = (object: Json, patch: readonly Operation[]): Json =>
	patch.reduce<unknown>((whole, operation) => {
		const steps = operation.path.split('/').slice(1);
		if (steps.length === 0) throw new Error('a patch of the whole object');
		return changedAt(
			whole,
			steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')),
			operation,
		);
	}, object) as Json;

function changedAt(part: unknown, [step = '', ...rest]: readonly string[], operation: Operation): unknown {
	if (Array.isArray(part)) return changedList(part, step, rest, operation);
	if (!isObject(part)) throw new Error(`nothing to walk into at ${step} of ${operation.path}`);
	const isThere = Object.hasOwn(part, step);
	if (!isThere && (rest.length > 0 || operation.op !== 'add')) throw new Error(`no ${step} on ${operation.path}`);
	const entries = Object.entries(part);
	if (rest.length === 0 && operation.op === 'remove')
		return Object.fromEntries(entries.filter(([key]) => key !== step));
	const now = rest.length > 0 ? changedAt(part[step], rest, operation) : (operation as { value: unknown }).value;
	return Object.fromEntries([...entries.filter(([key]) => key !== step), [step, now]]);
}

function changedList(list: readonly unknown[], step: string, rest: readonly string[], operation: Operation): unknown[] {
	const index = step === '-' ? list.length : Number(step);
	const last = rest.length === 0 && operation.op === 'add' ? list.length : list.length - 1;
	if (!/^(-|0|[1-9]\d*)$/.test(step) || index > last) throw new Error(`no item ${step} on ${operation.path}`);
	if (rest.length > 0) return list.with(index, changedAt(list[index], rest, operation));
	if (operation.op === 'remove') return list.toSpliced(index, 1);
	return list.toSpliced(index, operation.op === 'add' ? 0 : 1, operation.value);
}
