/** The one Secret of ours and the two registrations, read and written as calls. */

import { CERTIFICATE_SECRET, CERTIFICATE_SECRET_TYPE, INSTALLED_AS } from '../api/names.ts';
import { isObject, type Json, metadataOf } from '../api/types.ts';
import { WEBHOOK_CONFIGURATION_KINDS, type WebhookConfigurationKind } from '../api/webhook-configurations.ts';
import type { CertificateObjects, FoundWebhookConfiguration } from '../certificates/rotator.ts';
import type { SecretData } from '../certificates/secret-data.ts';
import { type Connection, getFirst } from './connect.ts';
import { createOwner } from './owner.ts';
import { secretPath, secretsPath, webhookConfigurationPath } from './paths.ts';

export interface OwnedCertificateObjects extends CertificateObjects {
	/** For a later `writeSecret`, which may come when the owner is gone. */
	readonly lookForOwner: (signal: AbortSignal) => Promise<void>;
}

/** Every write carries the resourceVersion that was read: 409 when it is old. No error tells what the Secret holds. */
export function createCertificateObjects(
	connection: Pick<Connection, 'get' | 'send'>,
	namespace: string,
): OwnedCertificateObjects {
	const named = { namespace, name: CERTIFICATE_SECRET };
	const owner = createOwner(connection, namespace);
	return {
		lookForOwner: owner.look,
		getSecret: async (signal) => {
			const object = await quietly(getFirst(connection, [secretPath(named)], signal));
			if (object === undefined) return undefined;
			return { object, isManaged: object['type'] === CERTIFICATE_SECRET_TYPE, data: textsIn(object['data']) };
		},
		writeSecret: async (found, data, signal) => {
			const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
			await quietly(owner.look(signal));
			const before = found?.object ?? newSecret(namespace);
			const secret = { ...before, data: Object.fromEntries(encoded) };
			const [method, path] = found === undefined ? ['POST', secretsPath(namespace)] : ['PUT', secretPath(named)];
			const send = (metadata: Json): Promise<unknown> =>
				connection.send(method as 'POST' | 'PUT', path as string, { ...secret, metadata }, 'application/json', signal);
			await quietly(owner.write(before['metadata'], send));
		},
		getWebhookConfigurations: async (signal) => {
			// One after the other, so that who may see neither always hears of the same one, and says so once.
			const found: FoundWebhookConfiguration[] = [];
			for (const kind of WEBHOOK_CONFIGURATION_KINDS) {
				const object = await getFirst(connection, [webhookConfigurationPath(kind, INSTALLED_AS)], signal);
				if (object !== undefined) found.push(registrationOf(kind, object, namespace));
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

function registrationOf(kind: WebhookConfigurationKind, object: Json, namespace: string): FoundWebhookConfiguration {
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

/** The parser of JSON quotes the text that it stumbles over. */
const quietly = <T>(call: Promise<T>): Promise<T> =>
	call.catch((error: unknown) => {
		throw error instanceof SyntaxError ? new Error('the answer is not JSON') : error;
	});
