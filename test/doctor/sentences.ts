/** What a check said, as one text a line: `status: sentence`. */
import type { Saying } from '../../src/doctor/saying.ts';
import type { Json, Server } from '../../src/toolhive/types.ts';

export const sentences = (sayings: readonly Saying[]): string[] =>
	sayings.map(({ status, subject, message }) => `${status}: ${subject} ${message}`);

export const remedies = (sayings: readonly Saying[]): (string | undefined)[] => sayings.map(({ remedy }) => remedy);

/** As the API server says it: an error with its status. */
export const refusal = (status: number, message = 'refused'): Error => Object.assign(new Error(message), { status });

export const server = (name: string, spec: Partial<Server['spec']> = {}, more: Partial<Server> = {}): Server => ({
	kind: 'MCPServer',
	namespace: 'demo',
	name,
	uid: `uid-${name}`,
	ignore: [],
	...more,
	spec: { stdio: false, ...spec },
});

/** Our Deployment, as short as what is read of it. */
export const deploymentOf = (container: Json = {}, podSpec: Json = {}, more: Json = {}): Json => ({
	metadata: { namespace: 'toolhive-scaling', name: 'toolhive-scaling' },
	spec: {
		replicas: 2,
		template: {
			spec: {
				serviceAccountName: 'ours',
				containers: [{ name: 'toolhive-scaling', image: 'example.com/ours:1.2.3', args: ['serve'], ...container }],
				...podSpec,
			},
		},
	},
	status: { readyReplicas: 2 },
	...more,
});
