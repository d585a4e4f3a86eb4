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
	/** Whether a mutating webhook changed the request. */
	readonly isMutated: boolean;
}

interface Entry {
	readonly user: { readonly username: string };
	readonly verb: string;
	readonly objectRef?: { readonly resource: string; readonly subresource?: string; readonly name?: string };
	readonly responseStatus?: { readonly code?: number };
	readonly annotations?: Readonly<Record<string, string>>;
}

export const WRITES_POLICY = {
	omitStages: ['RequestReceived'],
	rules: [
		{ level: 'None', verbs: ['get', 'list', 'watch'] },
		{ level: 'None', resources: [{ group: 'coordination.k8s.io' }] },
		{ level: 'Metadata' },
	],
};

const MUTATION = 'mutation.webhook.admission.k8s.io/';

/** Returns all writes so far, oldest first, except writes of Leases. */
export const writesIn = (log: string): readonly Write[] =>
	log
		// The last line may be incomplete.
		.slice(0, log.lastIndexOf('\n') + 1)
		.split('\n')
		.filter(Boolean)
		.flatMap((line) => {
			const { user, verb, objectRef, responseStatus, annotations = {} } = JSON.parse(line) as Entry;
			if (objectRef === undefined) return [];
			const { resource, subresource, name = '' } = objectRef;
			const isMutated = Object.entries(annotations).some(
				([key, value]) => key.startsWith(MUTATION) && value.includes('"mutated":true'),
			);
			const path = subresource === undefined ? resource : `${resource}/${subresource}`;
			return [{ user: user.username, verb, resource: path, name, code: responseStatus?.code ?? 0, isMutated }];
		});

/** Counts writes by verb, resource and name, such as `update deployments search`. */
export function tally(writes: readonly Write[]): Readonly<Record<string, number>> {
	const counts: Record<string, number> = {};
	for (const { verb, resource, name } of writes) {
		const key = `${verb} ${resource} ${name}`;
		counts[key] = (counts[key] ?? 0) + 1;
	}
	return counts;
}
