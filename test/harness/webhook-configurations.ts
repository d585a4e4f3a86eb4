/** The webhook configurations of manifests/, for a product that is a process on this machine. */

export interface WebhookConfiguration {
	readonly kind: string;
	readonly metadata: { readonly name: string };
	readonly webhooks: readonly {
		readonly clientConfig: { readonly service: { readonly path: string } };
		readonly namespaceSelector: { readonly matchExpressions: readonly object[] };
	}[];
}

export const WEBHOOK_KINDS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];

/** The webhook configurations in `objects`. */
export const webhookConfigurationsIn = (objects: readonly { kind: string }[]): WebhookConfiguration[] =>
	objects.filter(({ kind }) => WEBHOOK_KINDS.includes(kind)) as unknown as WebhookConfiguration[];

/** Label of a namespace. */
export const SERVED_BY = 'served-by';

/**
 * The same webhook configuration with the URL of a product and its CA (PEM). With `servedBy` it has another name, and only the namespaces
 * with that value of the label.
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
