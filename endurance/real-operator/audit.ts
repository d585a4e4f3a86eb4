/**
 * Reads the API server's audit log. The log also contains writes that changed nothing, which no resourceVersion shows.
 */

/** One write that the API server completed. */
export interface Write {
	readonly user: string;
	readonly verb: string;
	/** The resource, such as `deployments` or `mcpservers/status`. */
	readonly resource: string;
	readonly name: string;
	readonly code: number;
	/** Whether the stored object changed. */
	readonly isChange: boolean;
	/** Whether a mutating webhook changed the request. */
	readonly isMutated: boolean;
}

interface Entry {
	readonly user: { readonly username: string };
	readonly verb: string;
	readonly objectRef?: {
		readonly resource: string;
		readonly subresource?: string;
		readonly name?: string;
	};
	readonly responseStatus?: { readonly code?: number };
	readonly responseObject?: {
		readonly metadata?: { readonly name?: string; readonly uid?: string; readonly resourceVersion?: string };
	};
	readonly annotations?: Readonly<Record<string, string>>;
}

export const WRITES_POLICY = {
	omitStages: ['RequestReceived'],
	omitManagedFields: true,
	rules: [
		{ level: 'None', verbs: ['get', 'list', 'watch'] },
		{ level: 'None', resources: [{ group: 'coordination.k8s.io' }] },
		{
			level: 'RequestResponse',
			resources: [
				{ group: 'toolhive.stacklok.dev' },
				{ group: 'apps' },
				{ group: '', resources: ['configmaps', 'services', 'serviceaccounts'] },
			],
		},
		{ level: 'Metadata' },
	],
};

const MUTATION = 'mutation.webhook.admission.k8s.io/';

/** Returns all writes so far, oldest first, except writes of Leases. */
export function writesIn(log: string): readonly Write[] {
	const versions = new Map<string, string>();
	// The last line may be incomplete.
	const lines = log.slice(0, log.lastIndexOf('\n')).split('\n');
	return lines.flatMap((line): Write[] => {
		if (line === '') return [];
		const entry = JSON.parse(line) as Entry;
		const { objectRef, responseObject, annotations = {} } = entry;
		if (objectRef === undefined) return [];
		const { uid, resourceVersion } = responseObject?.metadata ?? {};
		const isKnown = uid !== undefined && versions.get(uid) === resourceVersion;
		if (uid !== undefined && resourceVersion !== undefined) versions.set(uid, resourceVersion);
		const code = entry.responseStatus?.code ?? 0;
		return [
			{
				user: entry.user.username,
				verb: entry.verb,
				resource: [objectRef.resource, objectRef.subresource].filter((part) => part !== undefined).join('/'),
				name: objectRef.name ?? responseObject?.metadata?.name ?? '',
				code,
				isChange: code < 300 && !isKnown,
				isMutated: Object.entries(annotations).some(
					([key, value]) => key.startsWith(MUTATION) && value.includes('"mutated":true'),
				),
			},
		];
	});
}

/** Counts writes by verb, resource and name, such as `update deployments search`. */
export function tally(writes: readonly Write[]): Readonly<Record<string, number>> {
	const counts: Record<string, number> = {};
	for (const { verb, resource, name } of writes) {
		const key = `${verb} ${resource} ${name}`;
		counts[key] = (counts[key] ?? 0) + 1;
	}
	return counts;
}
