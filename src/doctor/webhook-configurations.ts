/** Checks that the webhook configurations exist, are complete, and have the right paths. */
import { INSTALLED_AS } from '../api/names.ts';
import { isObject, type Json } from '../api/types.ts';
import {
	WEBHOOK_CONFIGURATION_KINDS,
	WEBHOOK_CONFIGURATIONS,
	type WebhookConfiguration,
	type WebhookConfigurationKind,
} from '../api/webhook-configurations.ts';
import { annotationOf, isObjectName, textOf } from '../objects/metadata.ts';
import { type CheckResult, fail, ok } from './check-result.ts';
import type { ClusterReader, NamespacedName } from './cluster.ts';
import { helmReleaseOf } from './commands.ts';
import type { DoctorCheck } from './context.ts';
import { objectAt, objectsIn } from './installation.ts';

/** One webhook as it is stored in the cluster. */
export interface InstalledWebhook {
	readonly kind: WebhookConfigurationKind;
	readonly name: string;
	readonly url?: string;
	readonly service?: NamespacedName;
	readonly path: string;
	readonly caBundle: string;
	readonly rules: readonly Json[];
	readonly namespaceSelector: Json;
	/** The Helm release of its configuration, if Helm installed it. */
	readonly helmRelease?: string;
	/** The namespace and name of the Certificate whose CA cert-manager writes into caBundle. */
	readonly injectedFrom?: string;
}

/** The webhooks by kind; undefined for a configuration that does not exist. */
export type WebhooksByKind = Readonly<Record<WebhookConfigurationKind, readonly InstalledWebhook[] | undefined>>;

export async function findWebhooks(get: ClusterReader['getWebhookConfiguration']): Promise<WebhooksByKind> {
	const find = async (kind: WebhookConfigurationKind) => {
		const object = await get(kind, INSTALLED_AS);
		return object && webhooksOf(kind, object);
	};
	// The reads are sequential, so that a caller who may read neither always gets the same error.
	return {
		MutatingWebhookConfiguration: await find('MutatingWebhookConfiguration'),
		ValidatingWebhookConfiguration: await find('ValidatingWebhookConfiguration'),
	};
}

export const allOf = (webhooks: WebhooksByKind): InstalledWebhook[] =>
	WEBHOOK_CONFIGURATION_KINDS.flatMap((kind) => webhooks[kind] ?? []);

/**
 * Returns the Services that the webhooks call. Skips those with an invalid namespace, because it becomes part of a URL
 * path.
 */
export const servicesOf = (webhooks: readonly InstalledWebhook[]): NamespacedName[] =>
	webhooks.flatMap(({ service }) => (isObjectName(service?.namespace) && service !== undefined ? [service] : []));

function webhooksOf(kind: WebhookConfigurationKind, object: Json): InstalledWebhook[] {
	const helmRelease = helmReleaseOf(object);
	const injectedFrom = annotationOf(object, 'cert-manager.io/inject-ca-from');
	return objectsIn(object['webhooks']).map((webhook) => {
		const client = objectAt(webhook, 'clientConfig');
		const service = isObject(client['service']) ? client['service'] : undefined;
		const url = textOf(client['url']);
		return {
			kind,
			name: String(webhook['name']),
			...(url !== undefined && { url }),
			...(service && { service: { namespace: String(service['namespace']), name: String(service['name']) } }),
			path: url === undefined ? (textOf(service?.['path']) ?? '/') : (URL.parse(url)?.pathname ?? '/'),
			caBundle: textOf(client['caBundle']) ?? '',
			rules: objectsIn(webhook['rules']),
			namespaceSelector: objectAt(webhook, 'namespaceSelector'),
			...(helmRelease !== undefined && { helmRelease }),
			...(injectedFrom !== undefined && { injectedFrom }),
		};
	});
}

export const checkWebhookConfigurations: DoctorCheck = async ({ webhooksByKind, flags, installFix }) => {
	const webhooks = await webhooksByKind();
	return WEBHOOK_CONFIGURATION_KINDS.flatMap((kind): CheckResult[] => {
		const found = webhooks[kind];
		const subject = `${kind} ${INSTALLED_AS}`;
		if (found === undefined)
			return [fail(subject, 'does not exist: the API server does not call the webhooks', installFix)];
		const faults = WEBHOOK_CONFIGURATIONS.filter((one) => one.kind === kind).flatMap((wanted) =>
			faultOf(wanted, found, flags?.passwordEnv).map((fault) =>
				fail(subject, fault, wanted.isPodMode === true ? FIX_POD_MODE : installFix),
			),
		);
		if (faults.length > 0) return faults;
		return [ok(subject, `has its ${found.length === 1 ? 'webhook' : `${found.length} webhooks`}`)];
	});
};

const FIX_POD_MODE = 'set both the flag and the webhook, or neither: docs/install.md#pod-mode';

/** Returns the faults of one webhook. `passwordEnv` is undefined if the flags of the product are unknown. */
function faultOf(
	wanted: WebhookConfiguration,
	found: readonly InstalledWebhook[],
	passwordEnv: string | undefined,
): string[] {
	const webhook = found.find(({ name }) => name === wanted.name);
	if (wanted.isPodMode === true) {
		if (webhook === undefined && passwordEnv !== 'pod') return [];
		if (webhook === undefined)
			return [`lacks ${wanted.name}, which --password-env=pod needs: no proxy gets its password`];
		if (passwordEnv === 'deployment') return [`has ${wanted.name}, but --password-env=deployment ignores Pods`];
	}
	if (webhook === undefined) return [`lacks ${wanted.name}`];
	if (webhook.path !== wanted.path) return [`sends ${wanted.name} to ${webhook.path}, not to ${wanted.path}`];
	const uncovered = wanted.resources.filter((resource) =>
		wanted.operations.some((operation) => !isCovered(webhook, wanted.group, resource, operation)),
	);
	return uncovered.length === 0 ? [] : [`${wanted.name} is not called for ${uncovered.join(', ')}`];
}

const isCovered = ({ rules }: InstalledWebhook, group: string, resource: string, operation: string): boolean =>
	rules.some(
		(rule) =>
			includes(rule['apiGroups'], group) &&
			includes(rule['resources'], resource) &&
			includes(rule['operations'], operation),
	);

const includes = (list: unknown, value: string): boolean =>
	Array.isArray(list) && (list.includes(value) || list.includes('*'));

/** Whether the namespaceSelector of a webhook matches a namespace with these labels. */
export function isSelected(namespaceSelector: Json, labels: Json): boolean {
	const { matchExpressions } = namespaceSelector;
	return (
		Object.entries(objectAt(namespaceSelector, 'matchLabels')).every(([key, value]) => labels[key] === value) &&
		objectsIn(matchExpressions).every(({ key, operator, values }) => {
			const value = labels[String(key)];
			const isListed = Array.isArray(values) && values.includes(value);
			if (operator === 'In') return isListed;
			if (operator === 'NotIn') return !isListed;
			return (value !== undefined) === (operator === 'Exists');
		})
	);
}
