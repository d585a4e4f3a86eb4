/** Sends requests to the handlers as the API server does, and applies the patch from the response. */
import jsonPatch, { type Operation as PatchOperation } from 'fast-json-patch';
import type { Cluster } from '../../src/admission/cluster.ts';
import { mutate } from '../../src/admission/mutate.ts';
import { type AdmissionDecision, denialText } from '../../src/admission/response.ts';
import type { Request } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import type { Json, Operation } from '../../src/api/types.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/policy/settings.ts';
import { frozen, NAMESPACE } from './objects.ts';

export const OPERATOR = 'system:serviceaccount:toolhive-system:toolhive-operator';

const RESOURCES: Readonly<Record<string, string>> = {
	Deployment: 'apps/deployments',
	Scale: 'apps/deployments/scale',
	ConfigMap: '/configmaps',
	Pod: '/pods',
	MCPServer: 'toolhive.stacklok.dev/mcpservers',
	VirtualMCPServer: 'toolhive.stacklok.dev/virtualmcpservers',
	MCPRemoteProxy: 'toolhive.stacklok.dev/mcpremoteproxies',
};

export function request(object: Json, parts: Partial<Request> = {}): Request {
	const kind = String(object['kind']);
	const metadata = (object['metadata'] ?? {}) as Json;
	return frozen({
		uid: 'request-1',
		resource: RESOURCES[kind] ?? `example.com/${kind.toLowerCase()}s`,
		kind,
		operation: 'CREATE',
		namespace: NAMESPACE,
		name: String(metadata['name'] ?? ''),
		username: 'alice',
		object,
		...parts,
	});
}

export const update = (object: Json, oldObject: Json, parts: Partial<Request> = {}): Request =>
	request(object, { operation: 'UPDATE', oldObject, ...parts });

const NEVER = new AbortController().signal;

/** Calls a handler with a frozen request, so that a handler that changes the request throws. */
export const mutated = async (
	sent: Request,
	cluster: Cluster,
	settings: Settings = DEFAULT_SETTINGS,
): Promise<AdmissionDecision> => mutate(frozen(sent), cluster, settings, NEVER);

export const validated = (sent: Request, cluster: Cluster): AdmissionDecision => validate(frozen(sent), cluster);

/** Returns `object` after `patch`, as strictly as the API server does: every path must exist. */
export function applied(object: Json, patch: readonly Operation[]): Json {
	const copy = structuredClone(object);
	return jsonPatch.applyPatch(copy, structuredClone(patch) as PatchOperation[], true, true, true).newDocument;
}

export function patchOf(answer: AdmissionDecision): readonly Operation[] {
	if (!answer.allowed) throw new Error(`denied: ${denialText(answer.violations)}`);
	return answer.patch;
}
