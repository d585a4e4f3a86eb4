/** Builds the webhook configurations from manifests/ for a product that runs as a process on this machine. */

export interface WebhookConfiguration {
	readonly kind: string;
	readonly metadata: { readonly name: string };
	readonly webhooks: readonly {
		readonly clientConfig: { readonly service: { readonly path: string } };
		readonly namespaceSelector: { readonly matchExpressions: readonly object[] };
	}[];
}

export const WEBHOOK_KINDS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];

/** Returns the webhook configurations in `objects`. */
export const webhookConfigurationsIn = (objects: readonly { kind: string }[]): WebhookConfiguration[] =>
	objects.filter(({ kind }) => WEBHOOK_KINDS.includes(kind)) as unknown as WebhookConfiguration[];

/** The namespace label that names the product that serves the namespace. */
export const SERVED_BY = 'served-by';

/**
 * Returns the webhook configuration with the URL and the CA (PEM) of a product. With `servedBy`, it has another name,
 * and selects only the namespaces whose label has this value.
 */
export const withUrl = (
	{ metadata, webhooks, ...rest }: WebhookConfiguration,
	url: string,
	ca: string,
	servedBy: string | undefined,
): object => ({
	...rest,
	metadata: servedBy === undefined ? metadata : { ...metadata, name: `${metadata.name}-${servedBy}` },
	webhooks: webhooks.map((webhook) => ({
		...webhook,
		clientConfig: { url: url + webhook.clientConfig.service.path, caBundle: Buffer.from(ca).toString('base64') },
		...(servedBy !== undefined && {
			namespaceSelector: {
				matchExpressions: [
					...webhook.namespaceSelector.matchExpressions,
					{ key: SERVED_BY, operator: 'In', values: [servedBy] },
				],
			},
		}),
	})),
});
