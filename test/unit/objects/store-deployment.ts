/** A Deployment of `owner` as the webhook stores it: an update if there is a Deployment `before`. */
import type { Json } from '../../../src/api/types.ts';
import { createDeployment, updateDeployment } from '../../../src/objects/deployment.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../src/policy/settings.ts';
import { decisionFor, frozen } from '../../harness/objects.ts';

type Options = Partial<Settings> & { readonly byOperator?: boolean };

export function store(owner: Json, sent: Json, before?: Json, { byOperator = true, ...settings }: Options = {}): Json {
	const all = { ...DEFAULT_SETTINGS, ...settings };
	if (before === undefined) return createDeployment(frozen(sent), ...decisionFor(owner), all);
	return updateDeployment(frozen(sent), frozen(before), ...decisionFor(owner), all, byOperator);
}
