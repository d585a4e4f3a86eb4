/** A summary of the webhooks in manifests/. A test compares it with the manifests, and `doctor` with a cluster. */
import { GROUP, KIND_LIST, KINDS } from './names.ts';

export const MUTATE_PATH = '/mutate';
export const VALIDATE_PATH = '/validate';

export const WEBHOOK_CONFIGURATION_KINDS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const;
export type WebhookConfigurationKind = (typeof WEBHOOK_CONFIGURATION_KINDS)[number];

export interface WebhookConfiguration {
	readonly kind: WebhookConfigurationKind;
	readonly name: string;
	readonly path: string;
	readonly group: string;
	readonly resources: readonly string[];
	readonly operations: readonly string[];
	/** Needed only for `--password-env=pod`. */
	readonly isPodMode?: true;
}

const SERVERS = KIND_LIST.map((kind) => KINDS[kind].plural);

/** Namespaces that the webhooks and the reconciler always exclude, besides the namespace of toolhive-scaling. */
export const SYSTEM_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease'] as const;

/** Every webhook's name ends with this suffix. */
export const WEBHOOK_SUFFIX = '.toolhive-scaling.svc';

const mutating = (
	what: string,
	group: string,
	resources: readonly string[],
	operations: readonly string[],
): WebhookConfiguration => ({
	kind: 'MutatingWebhookConfiguration',
	name: `${what}.mutate${WEBHOOK_SUFFIX}`,
	path: MUTATE_PATH,
	group,
	resources,
	operations,
});

export const WEBHOOK_CONFIGURATIONS: readonly WebhookConfiguration[] = [
	mutating('servers', GROUP, SERVERS, ['UPDATE']),
	mutating('deployments', 'apps', ['deployments'], ['CREATE', 'UPDATE']),
	mutating('scale', 'apps', ['deployments/scale'], ['UPDATE']),
	mutating('statefulsets', 'apps', ['statefulsets'], ['UPDATE']),
	mutating('configmaps', '', ['configmaps'], ['CREATE', 'UPDATE']),
	{ ...mutating('pods', '', ['pods'], ['CREATE']), isPodMode: true },
	{
		kind: 'ValidatingWebhookConfiguration',
		name: `servers.validate${WEBHOOK_SUFFIX}`,
		path: VALIDATE_PATH,
		group: GROUP,
		resources: SERVERS,
		operations: ['CREATE', 'UPDATE'],
	},
];
