/** A Deployment of `owner` as the webhook stores it: an update if there is a Deployment `before`. */
import type { Json, Server } from '../../../src/api/types.ts';
import { createDeployment, updateDeployment } from '../../../src/objects/deployment.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { decide } from '../../../src/policy/decide.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../src/policy/settings.ts';
import { frozen } from '../../harness/objects.ts';

type Options = Partial<Settings> & { readonly byOperator?: boolean };

export function store(owner: Json, sent: Json, before?: Json, { byOperator = true, ...settings }: Options = {}): Json {
	const server = serverOf(owner) as Server;
	const all = { ...DEFAULT_SETTINGS, ...settings };
	if (before === undefined) return createDeployment(frozen(sent), server, decide(server), all);
	return updateDeployment(frozen(sent), frozen(before), server, decide(server), all, byOperator);
}
