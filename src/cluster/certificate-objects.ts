/** Reads and writes the certificate Secret and the two webhook configurations. */

import { CERTIFICATE_SECRET, CERTIFICATE_SECRET_TYPE, INSTALLED_AS } from '../api/names.ts';
import { isObject, type Json, metadataOf } from '../api/types.ts';
import { WEBHOOK_CONFIGURATION_KINDS, type WebhookConfigurationKind } from '../api/webhook-configurations.ts';
import type { CertificateObjects, FoundWebhookConfiguration } from '../certificates/rotator.ts';
import type { SecretData } from '../certificates/secret-data.ts';
import { type Connection, getFirst } from './connect.ts';
import { createOwner } from './owner.ts';
import { secretPath, secretsPath, webhookConfigurationPath } from './paths.ts';

export interface OwnedCertificateObjects extends CertificateObjects {
	/** Reads the owner in advance, because the Deployment may be deleted before the next `writeSecret`. */
	readonly findOwner: (signal: AbortSignal) => Promise<void>;
}

/**
 * Every write sends the resourceVersion that was read, and fails with 409 if it is outdated. No error contains data of
 * the Secret.
 */
export function createCertificateObjects(
	connection: Pick<Connection, 'get' | 'send'>,
	namespace: string,
): OwnedCertificateObjects {
	const named = { namespace, name: CERTIFICATE_SECRET };
	const owner = createOwner(connection, namespace);
	return {
		findOwner: owner.find,
		getSecret: async (signal) => {
			const object = await getFirst(connection, [secretPath(named)], signal);
			if (object === undefined) return undefined;
			return { object, isManaged: object['type'] === CERTIFICATE_SECRET_TYPE, data: textsIn(object['data']) };
		},
		writeSecret: async (found, data, signal) => {
			const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
			await owner.find(signal);
			const before = found?.object ?? newSecret(namespace);
			const secret = { ...before, data: Object.fromEntries(encoded) };
			const method = found === undefined ? 'POST' : 'PUT';
			const path = found === undefined ? secretsPath(namespace) : secretPath(named);
			const send = (metadata: Json): Promise<unknown> =>
				connection.send(method, path, { ...secret, metadata }, 'application/json', signal);
			await owner.write(before['metadata'], send);
		},
		getWebhookConfigurations: async (signal) => {
			// The reads are sequential: without permission for either, the error is always the same one.
			const found: FoundWebhookConfiguration[] = [];
			for (const kind of WEBHOOK_CONFIGURATION_KINDS) {
				const object = await getFirst(connection, [webhookConfigurationPath(kind, INSTALLED_AS)], signal);
				if (object !== undefined) found.push(webhookOf(kind, object, namespace));
			}
			return found;
		},
		writeCaBundle: async ({ kind, resourceVersion, webhooks }, bundle, signal) => {
			const value = Buffer.from(bundle).toString('base64');
			const patch = [
				{ op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
				...webhooks.flatMap(({ isManaged }, index) =>
					isManaged ? [{ op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value }] : [],
				),
			];
			const path = webhookConfigurationPath(kind, INSTALLED_AS);
			await connection.send('PATCH', path, patch, 'application/json-patch+json', signal);
		},
	};
}

const newSecret = (namespace: string): Json => ({
	apiVersion: 'v1',
	kind: 'Secret',
	metadata: {
		namespace,
		name: CERTIFICATE_SECRET,
		labels: { 'app.kubernetes.io/name': INSTALLED_AS, 'app.kubernetes.io/managed-by': INSTALLED_AS },
	},
	type: CERTIFICATE_SECRET_TYPE,
});

function webhookOf(kind: WebhookConfigurationKind, object: Json, namespace: string): FoundWebhookConfiguration {
	const webhooks = Array.isArray(object['webhooks']) ? object['webhooks'].filter(isObject) : [];
	return {
		kind,
		resourceVersion: metadataOf(object)['resourceVersion'],
		webhooks: webhooks.map((webhook) => {
			const client = isObject(webhook['clientConfig']) ? webhook['clientConfig'] : {};
			const service = isObject(client['service']) ? client['service'] : undefined;
			return {
				name: String(webhook['name']),
				isManaged: service?.['namespace'] === namespace && service['name'] === INSTALLED_AS,
				leadsTo: service === undefined ? String(client['url']) : `Service ${service['namespace']}/${service['name']}`,
				caBundle: textOf(client['caBundle']),
			};
		}),
	};
}

const textsIn = (data: unknown): SecretData =>
	Object.fromEntries(Object.entries(isObject(data) ? data : {}).map(([key, value]) => [key, textOf(value)]));

const textOf = (value: unknown): string => (typeof value === 'string' ? Buffer.from(value, 'base64').toString() : '');
