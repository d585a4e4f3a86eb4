/** Results of checks as text, and what checks read. */
import type { Json, Server } from '../../../src/api/types.ts';
import type { CheckResult } from '../../../src/doctor/check-result.ts';
import type { ClusterReader } from '../../../src/doctor/cluster.ts';
import type { CheckContext } from '../../../src/doctor/context.ts';

/** Of a cluster in which the checks under test call only the functions in `cluster`. */
export const contextOf = (
	cluster: Partial<ClusterReader>,
	more: Partial<Omit<CheckContext, 'cluster'>> = {},
): CheckContext =>
	({
		product: { namespace: 'toolhive-scaling', name: 'toolhive-scaling' },
		otherService: undefined,
		installFix: 'INSTALL',
		webhooks: [],
		...more,
		cluster,
	}) as unknown as CheckContext;

/** `status: sentence` for each result. */
export const sentences = (sayings: readonly CheckResult[]): string[] =>
	sayings.map(({ status, subject, message }) => `${status}: ${subject} ${message}`);

export const fixes = (sayings: readonly CheckResult[]): (string | undefined)[] => sayings.map(({ fix }) => fix);

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
