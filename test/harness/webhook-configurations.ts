/** The webhook registrations of manifests/, for a product that is a process on this machine. */

export interface Registration {
	readonly metadata: { readonly name: string };
	readonly webhooks: readonly {
		readonly clientConfig: { readonly service: { readonly path: string } };
		readonly namespaceSelector: { readonly matchExpressions: readonly object[] };
	}[];
}

export interface Target {
	readonly url: string;
	/** Certificate that the API server is to trust there, as PEM. */
	readonly authority: string;
	/** Ask it only about namespaces with this value of the label SERVED_BY. */
	readonly servedBy: string | undefined;
}

/** Label of a namespace. */
export const SERVED_BY = 'served-by';

/** The same registration, pointed at the product; under a name of its own where it is not called for every namespace. */
export const pointedAt = ({ metadata, webhooks, ...rest }: Registration, target: Target): object => ({
	...rest,
	metadata: target.servedBy === undefined ? metadata : { ...metadata, name: `${metadata.name}-${target.servedBy}` },
	webhooks: webhooks.map((webhook) => ({
		...webhook,
		clientConfig: {
			url: target.url + webhook.clientConfig.service.path,
			caBundle: Buffer.from(target.authority).toString('base64'),
		},
		...(target.servedBy !== undefined && {
			namespaceSelector: {
				matchExpressions: [
					...webhook.namespaceSelector.matchExpressions,
					{ key: SERVED_BY, operator: 'In', values: [target.servedBy] },
				],
			},
		}),
	})),
});
