/** Pod Security admission as a real API server has it. */
import { before } from 'mocha';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import type { Manifest } from '../harness/manifest-files.ts';
import type { PodSpec } from '../harness/manifest-types.ts';
import { mustSucceed } from '../harness/product.ts';
import { only } from './chart.ts';

export interface Deployment extends Manifest {
	readonly spec: {
		readonly replicas?: number;
		readonly strategy: { readonly rollingUpdate: object };
		readonly template: { readonly spec: PodSpec };
	};
}

const LEVELS = ['restricted', 'baseline', 'privileged'] as const;

export const deploymentIn = (objects: readonly Manifest[]): Deployment => only<Deployment>(objects, 'Deployment');
export const podIn = (objects: readonly Manifest[]): PodSpec => deploymentIn(objects).spec.template.spec;

/** Namespaces of each Pod Security level, with the ServiceAccount that the pods name. */
export function usePodSecurity() {
	const controlPlane = needControlPlane({ isOwn: true });
	const kubectl = (args: readonly string[], input?: string) =>
		controlPlane().kubectl(args, { user: 'admin', ...(input !== undefined && { input }) });
	before('namespaces', async () => {
		for (const level of LEVELS) {
			await mustSucceed(kubectl(['create', 'namespace', level]));
			await mustSucceed(kubectl(['label', 'namespace', level, `pod-security.kubernetes.io/enforce=${level}`]));
			await mustSucceed(kubectl(['create', 'serviceaccount', 'toolhive-scaling', '-n', level]));
		}
	});
	/** Why a pod of that Deployment is refused in a namespace of that level. Empty where it is not. */
	const refusalOf = async (deployment: Deployment, level: (typeof LEVELS)[number]): Promise<string> => {
		const create = async (object: object): Promise<string> =>
			(await kubectl(['create', '--dry-run=server', '-n', level, '-f', '-'], JSON.stringify(object))).stderr;
		const { namespace: _, ...metadata } = deployment.metadata;
		const { spec } = deployment.spec.template;
		const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'any' }, spec };
		return (await create({ ...deployment, metadata })) + (await create(pod));
	};
	return { controlPlane, kubectl, refusalOf };
}
