/** The webhook registrations: there, complete, and leading to the right paths. */

import { INSTALLED_AS } from '../api/names.ts';
import { isObject, type Json, metadataOf } from '../api/types.ts';
import {
	WEBHOOK_CONFIGURATION_KINDS,
	WEBHOOK_CONFIGURATIONS,
	type WebhookConfiguration,
	type WebhookConfigurationKind,
} from '../api/webhook-configurations.ts';
import { isObjectName, textOf } from '../objects/metadata.ts';
import { type CheckResult, fail, ok } from './check-result.ts';
import type { ClusterReader, Named } from './cluster.ts';
import { helmReleaseOf } from './fixes.ts';

/** One webhook as the API server has it. */
export interface Webhook {
	readonly kind: WebhookConfigurationKind;
	readonly name: string;
	readonly url?: string;
	readonly service?: { readonly namespace: string; readonly name: string };
	readonly path: string;
	readonly caBundle: string;
	readonly rules: readonly Json[];
	readonly namespaceSelector: Json;
	/** Of its configuration, where Helm installed it. */
	readonly helmRelease?: string;
	/** Namespace and name of the Certificate whose authority cert-manager writes into the caBundle. */
	readonly injectedFrom?: string;
}

/** By kind; undefined where there is none. */
export type Webhooks = Readonly<Record<WebhookConfigurationKind, readonly Webhook[] | undefined>>;

export async function findWebhooks(getRegistration: ClusterReader['getRegistration']): Promise<Webhooks> {
	const find = async (kind: WebhookConfigurationKind): Promise<readonly Webhook[] | undefined> => {
		const object = await getRegistration(kind, INSTALLED_AS);
		return object === undefined ? undefined : webhooksOf(kind, object);
	};
	// One after the other, so that who may see neither always hears of the same one.
	return {
		MutatingWebhookConfiguration: await find('MutatingWebhookConfiguration'),
		ValidatingWebhookConfiguration: await find('ValidatingWebhookConfiguration'),
	};
}

export const allOf = (webhooks: Webhooks): Webhook[] =>
	WEBHOOK_CONFIGURATION_KINDS.flatMap((kind) => webhooks[kind] ?? []);

/** The Services they lead to. Any text can be written there, and these go into paths. */
export const servicesOf = (webhooks: readonly Webhook[]): Named[] =>
	webhooks.flatMap(({ service }) => (isObjectName(service?.namespace) && service !== undefined ? [service] : []));

function webhooksOf(kind: WebhookConfigurationKind, object: Json): Webhook[] {
	const list = Array.isArray(object['webhooks']) ? object['webhooks'].filter(isObject) : [];
	const helmRelease = helmReleaseOf(object);
	const { annotations } = metadataOf(object);
	const injectedFrom = isObject(annotations) ? textOf(annotations['cert-manager.io/inject-ca-from']) : undefined;
	return list.map((webhook) => {
		const client = isObject(webhook['clientConfig']) ? webhook['clientConfig'] : {};
		const service = isObject(client['service']) ? client['service'] : undefined;
		const url = textOf(client['url']);
		return {
			kind,
			name: String(webhook['name']),
			...(url !== undefined && { url }),
			...(service !== undefined && {
				service: { namespace: String(service['namespace']), name: String(service['name']) },
			}),
			path: url === undefined ? (textOf(service?.['path']) ?? '/') : (URL.parse(url)?.pathname ?? '/'),
			caBundle: textOf(client['caBundle']) ?? '',
			rules: Array.isArray(webhook['rules']) ? webhook['rules'].filter(isObject) : [],
			namespaceSelector: isObject(webhook['namespaceSelector']) ? webhook['namespaceSelector'] : {},
			...(helmRelease !== undefined && { helmRelease }),
			...(injectedFrom !== undefined && { injectedFrom }),
		};
	});
}

/** `passwordEnv` as the product runs with it, undefined where that is not known. */
export function webhookConfigurations(
	webhooks: Webhooks,
	passwordEnv: string | undefined,
	install: string,
): CheckResult[] {
	return WEBHOOK_CONFIGURATION_KINDS.flatMap((kind): CheckResult[] => {
		const found = webhooks[kind];
		const subject = `${kind} ${INSTALLED_AS}`;
		if (found === undefined) return [fail(subject, 'is not there: nobody asks the webhooks', install)];
		const faults = WEBHOOK_CONFIGURATIONS.filter((one) => one.kind === kind).flatMap((wanted) =>
			faultOf(wanted, found, passwordEnv).map((fault) =>
				fail(subject, fault, wanted.isPodMode === true ? POD_MODE : install),
			),
		);
		if (faults.length > 0) return faults;
		return [ok(subject, `has its ${found.length === 1 ? 'webhook' : `${found.length} webhooks`}`)];
	});
}

const POD_MODE = 'bring both or none, the flag and the webhook: docs/install.md#pod-mode';

function faultOf(wanted: WebhookConfiguration, found: readonly Webhook[], passwordEnv: string | undefined): string[] {
	const webhook = found.find(({ name }) => name === wanted.name);
	if (wanted.isPodMode === true) {
		if (webhook === undefined && passwordEnv !== 'pod') return [];
		if (webhook === undefined) return [`lacks ${wanted.name}, and --password-env=pod: no proxy gets its password`];
		if (passwordEnv === 'deployment') return [`has ${wanted.name}, but --password-env=deployment ignores Pods`];
	}
	if (webhook === undefined) return [`lacks ${wanted.name}`];
	if (webhook.path !== wanted.path) return [`sends ${wanted.name} to ${webhook.path}, not to ${wanted.path}`];
	const uncovered = wanted.resources.flatMap((resource) =>
		wanted.operations.flatMap((operation) => (isCovered(webhook, wanted.group, resource, operation) ? [] : [resource])),
	);
	return uncovered.length === 0 ? [] : [`${wanted.name} is not asked about ${[...new Set(uncovered)].join(', ')}`];
}

const isCovered = ({ rules }: Webhook, group: string, resource: string, operation: string): boolean =>
	rules.some(
		(rule) =>
			includes(rule['apiGroups'], group) &&
			includes(rule['resources'], resource) &&
			includes(rule['operations'], operation),
	);

const includes = (list: unknown, value: string): boolean =>
	Array.isArray(list) && (list.includes(value) || list.includes('*'));

/** Whether a webhook with this selector is asked about objects in a namespace with these labels. */
export function isSelected({ namespaceSelector }: Pick<Webhook, 'namespaceSelector'>, labels: Json): boolean {
	const { matchLabels, matchExpressions } = namespaceSelector;
	const wanted = isObject(matchLabels) ? Object.entries(matchLabels) : [];
	const expressions = Array.isArray(matchExpressions) ? matchExpressions.filter(isObject) : [];
	return (
		wanted.every(([key, value]) => labels[key] === value) &&
		expressions.every(({ key, operator, values }) => {
			const value = labels[String(key)];
			const isListed = Array.isArray(values) && values.includes(value);
			if (operator === 'In') return isListed;
			if (operator === 'NotIn') return !isListed;
			return (value !== undefined) === (operator === 'Exists');
		})
	);
}
