/** Builds objects as the product writes them for the custom resource `owner`. */
import type { Json, Server } from '../../src/api/types.ts';
import { createDeployment, updateDeployment } from '../../src/objects/deployment.ts';
import { serverOf } from '../../src/objects/server.ts';
import { type Decision, decide } from '../../src/policy/decide.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/policy/settings.ts';
import { frozen } from './objects.ts';

export function decisionFor(owner: Json): [server: Server, decision: Decision] {
	const server = serverOf(owner) as Server;
	return [server, decide(server)];
}

type Options = Partial<Settings> & { readonly byOperator?: boolean };

/** Returns the Deployment that the webhook would store. With `before`, the request is an update. */
export function store(owner: Json, sent: Json, before?: Json, { byOperator = true, ...settings }: Options = {}): Json {
	const all = { ...DEFAULT_SETTINGS, ...settings };
	if (before === undefined) return createDeployment(frozen(sent), ...decisionFor(owner), all);
	return updateDeployment(frozen(sent), frozen(before), ...decisionFor(owner), all, byOperator);
}
