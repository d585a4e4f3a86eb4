/**
 * Three ways of creating a proxy Deployment on one API server, each in a namespace of its own, so that they can be measured in turn
 * with the same registrations: without a webhook, with the product, and with a MutatingAdmissionPolicy inside the API server.
 */
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { apply } from '../../test/harness/product.ts';
import { SERVED_BY } from '../../test/harness/webhook-configurations.ts';

export const WAYS = ['none', 'webhook', 'policy'] as const;
export type Way = (typeof WAYS)[number];

export const NAMES: Readonly<Record<Way, string>> = {
	none: 'no webhook',
	webhook: 'the product',
	policy: 'a policy in the API server',
};

/** Not Kubernetes' default of 30, so that it shows who set it. */
export const GRACE_PERIOD_SECONDS = 45;

/** Parts of the stored object, which only this way gives it. */
export const SIGNS: Readonly<Record<Way, readonly string[]>> = {
	none: ['"terminationGracePeriodSeconds":30', '"replicas":1'],
	webhook: [
		`"terminationGracePeriodSeconds":${GRACE_PERIOD_SECONDS}`,
		'"replicas":3',
		'"toolhive-scaling/applied-replicas":"3"',
		'THV_SESSION_REDIS_PASSWORD',
	],
	policy: [`"terminationGracePeriodSeconds":${GRACE_PERIOD_SECONDS}`, '"replicas":1'],
};

export const namespaceOf = (way: Way): string => `bench-${way}`;

export const deploymentsPath = (way: Way): string => `/apis/apps/v1/namespaces/${namespaceOf(way)}/deployments`;

/** Makes the namespaces and the policy. The product is to be registered as `servedBy` "webhook". */
export async function prepareWays(plane: ControlPlane): Promise<void> {
	await apply(plane, [
		...WAYS.map((way) => ({
			apiVersion: 'v1',
			kind: 'Namespace',
			metadata: { name: namespaceOf(way), labels: { [SERVED_BY]: way } },
		})),
		POLICY,
		BINDING,
	]);
}

/** As narrow as our own registration (manifests/base/80-mutating-webhook.yaml). */
const POLICY = {
	apiVersion: 'admissionregistration.k8s.io/v1',
	kind: 'MutatingAdmissionPolicy',
	metadata: { name: 'grace-period' },
	spec: {
		failurePolicy: 'Fail',
		reinvocationPolicy: 'IfNeeded',
		matchConstraints: {
			matchPolicy: 'Equivalent',
			objectSelector: {
				matchLabels: { toolhive: 'true' },
				matchExpressions: [{ key: 'app', operator: 'In', values: ['mcpserver', 'virtualmcpserver', 'mcpremoteproxy'] }],
			},
			resourceRules: [
				{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] },
			],
		},
		matchConditions: [
			{
				name: 'owned-by-a-server',
				expression:
					"has(object.metadata.ownerReferences) && object.metadata.ownerReferences.exists(owner, owner.apiVersion.startsWith('toolhive.stacklok.dev/'))",
			},
		],
		mutations: [
			{
				patchType: 'ApplyConfiguration',
				applyConfiguration: {
					expression: `Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{terminationGracePeriodSeconds: ${GRACE_PERIOD_SECONDS}}}}}`,
				},
			},
		],
	},
};

const BINDING = {
	apiVersion: 'admissionregistration.k8s.io/v1',
	kind: 'MutatingAdmissionPolicyBinding',
	metadata: { name: 'grace-period' },
	spec: {
		policyName: 'grace-period',
		matchResources: { namespaceSelector: { matchLabels: { [SERVED_BY]: 'policy' } } },
	},
};
