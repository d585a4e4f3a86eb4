/** An API server that answers dry runs as a test defines. */

import type { Json, Server } from '../../../src/api/types.ts';
import type { DryRunResult } from '../../../src/doctor/cluster.ts';
import { checkReachable } from '../../../src/doctor/reachable.ts';
import type { InstalledWebhook } from '../../../src/doctor/webhook-configurations.ts';
import { contextOf, sentences, server } from './results.ts';

export const PLACE = { namespace: 'toolhive-scaling', name: 'toolhive-scaling' };
const ANSWERS: Readonly<Record<string, string>> = {
	MCPServer: 'metadata.annotations[toolhive-scaling/ignore]: no warning is called "x" (ignore-unknown-id)',
	ConfigMap: 'data[runconfig.json]: no JSON object, or too long; left without scaling (run-config-unreadable)',
};
export const accepted = (object: Json): DryRunResult => ({
	status: 201,
	message: '',
	warnings: [ANSWERS[String(object['kind'])] ?? ''],
});
export const refused = (status: number, message: string): DryRunResult => ({ status, message, warnings: [] });
export const notCalled = (cause: string): DryRunResult =>
	refused(
		500,
		`Internal error occurred: failed calling webhook "servers.validate.toolhive-scaling.svc": failed to call webhook: Post "https://toolhive-scaling.toolhive-scaling.svc:443/validate?timeout=5s": ${cause}`,
	);

interface Situation {
	readonly servers?: readonly Server[];
	readonly answer?: (object: Json) => DryRunResult;
	readonly selector?: Json;
}

export async function tried({ servers = [server('web')], answer = accepted, selector }: Situation) {
	const objects: Json[] = [];
	const webhook = { kind: 'ValidatingWebhookConfiguration', name: 'one', path: '/', caBundle: '', rules: [] } as const;
	const webhooks: InstalledWebhook[] = selector === undefined ? [] : [{ ...webhook, namespaceSelector: selector }];
	const createDryRun = async (object: Json) => {
		objects.push(object);
		return answer(object);
	};
	const cluster = { createDryRun, labelsOfNamespace: async () => ({ team: 'red' }) };
	const more = {
		webhooks,
		version: async () => ({ gitVersion: 'v1.36.1' }),
		servers: async () => servers.map((one) => ({ ...one, apiVersion: '' })),
	};
	const said = await checkReachable(contextOf(cluster, more));
	return { said, objects, lines: sentences(said) };
}
