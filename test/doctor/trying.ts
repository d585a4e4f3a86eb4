/** An API server that answers dry runs as a test says. */

import type { Json, Server } from '../../src/api/types.ts';
import type { Attempt } from '../../src/doctor/cluster.ts';
import { reachable } from '../../src/doctor/reachable.ts';
import type { Webhooks } from '../../src/doctor/webhook-configurations.ts';
import { sentences, server } from './sentences.ts';

export const PLACE = { namespace: 'toolhive-scaling', name: 'toolhive-scaling', install: 'INSTALL' };
const NONE: Webhooks = { MutatingWebhookConfiguration: undefined, ValidatingWebhookConfiguration: undefined };
const ANSWERS: Readonly<Record<string, string>> = {
	MCPServer: 'metadata.annotations[toolhive-scaling/ignore]: no warning is called "x" (ignore-unknown-id)',
	ConfigMap: 'data[runconfig.json]: no JSON object, or too long; left without scaling (run-config-unreadable)',
};
export const accepted = (object: Json): Attempt => ({
	status: 201,
	message: '',
	warnings: [ANSWERS[String(object['kind'])] ?? ''],
});
export const refused = (status: number, message: string): Attempt => ({ status, message, warnings: [] });
export const notCalled = (cause: string): Attempt =>
	refused(
		500,
		`Internal error occurred: failed calling webhook "servers.validate.toolhive-scaling.svc": failed to call webhook: Post "https://toolhive-scaling.toolhive-scaling.svc:443/validate?timeout=5s": ${cause}`,
	);

interface Situation {
	readonly servers?: readonly Server[];
	readonly answer?: (object: Json) => Attempt;
	readonly selector?: Json;
}

export async function tried({ servers = [server('web')], answer = accepted, selector }: Situation) {
	const objects: Json[] = [];
	const webhook = { kind: 'ValidatingWebhookConfiguration', name: 'one', path: '/', caBundle: '', rules: [] } as const;
	const webhooks: Webhooks =
		selector === undefined
			? NONE
			: { ...NONE, ValidatingWebhookConfiguration: [{ ...webhook, namespaceSelector: selector }] };
	const said = await reachable(servers, webhooks, PLACE, {
		tryCreate: async (object) => {
			objects.push(object);
			return answer(object);
		},
		labelsOfNamespace: async () => ({ team: 'red' }),
	});
	return { said, objects, lines: sentences(said) };
}
