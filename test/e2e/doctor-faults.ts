/** What else can be wrong in a cluster: our own rights and pods, the operator, autoscalers, Secrets. */
import { objectOf } from '../harness/manifest-files.ts';
import { serverManifest } from '../harness/namespace.ts';
import { proxyDeployment, runConfigMap } from '../harness/operator-writes.ts';
import { apply } from '../harness/product.ts';
import { type Cluster, type Fault, NS, operatorDeployment, redisOf, setReady } from './doctor-cluster.ts';

const autoscaler = (target: string) => ({
	apiVersion: 'autoscaling/v2',
	kind: 'HorizontalPodAutoscaler',
	metadata: { name: `${target}-hpa` },
	spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target } },
});

const runner = (tag: string): string => `ghcr.io/stacklok/toolhive/proxyrunner${tag}`;
const SET_RUNNER =
	/^kubectl set env -n toolhive-system deployment\/toolhive-operator TOOLHIVE_RUNNER_IMAGE=ghcr.io\/stacklok\/toolhive\/proxyrunner:v0.47.0$/;

export function faults({ plane, must, namespace }: Cluster): readonly Fault[] {
	const server = (name: string, spec: object) => namespace.apply(serverManifest('MCPServer', name, spec));
	const remove = (resource: string, name: string) => namespace.kubectl(['delete', resource, name]);
	const setEnv = (text: string) => must(['set', 'env', '-n', NS, `deployment/${NS}`, text]);
	return [
		{
			it: 'a rule that is missing in the ClusterRole',
			plant: () => must(['patch', 'clusterrole', NS, '--type=json', '-p', '[{"op":"remove","path":"/rules/3"}]']),
			mend: () => apply(plane(), [objectOf('ClusterRole')]),
			says: [/^permissions fail: system:serviceaccount:\S+ may not get, list, watch and patch deployments.apps$/],
			fix: /^apply the whole installation \(docs\/install.md#4-apply\): kubectl apply -k local$/,
			code: 1,
		},
		{
			it: 'a Deployment without ready pods',
			plant: () => setReady(must, 0),
			mend: () => setReady(must, 2),
			says: [/^deployment fail: toolhive-scaling\/toolhive-scaling has 0 of 2 replicas ready.*: nobody answers$/],
			fix: /^kubectl describe pods -n toolhive-scaling; kubectl logs/,
			code: 1,
		},
		{
			it: 'settings that serve refuses',
			plant: () => setEnv('THV_SCALING_DRAIN_SECONDS=10s'),
			mend: () => setEnv('THV_SCALING_DRAIN_SECONDS-'),
			says: [/^deployment fail: .* settings that serve refuses: THV_SCALING_DRAIN_SECONDS is "10s"; allowed: /],
			fix: /^kubectl edit -n toolhive-scaling deployment\/toolhive-scaling$/,
			code: 1,
		},
		{
			it: '--password-env=pod without its webhook',
			plant: () => setEnv('THV_SCALING_PASSWORD_ENV=pod'),
			mend: () => setEnv('THV_SCALING_PASSWORD_ENV-'),
			says: [
				/^registration fail: Mutating.* lacks pods.mutate\S+, and --password-env=pod: no proxy gets its password$/,
			],
			fix: /^bring both or none/,
			code: 1,
		},
		{
			it: 'an operator that overwrites every count',
			plant: () => apply(plane(), [operatorDeployment('ghcr.io/stacklok/toolhive/operator:v0.10.0')]),
			mend: () => apply(plane(), [operatorDeployment()]),
			says: [/^operator fail: toolhive-system\/toolhive-operator v0.10.0 overwrites every replica count/],
			fix: /^upgrade ToolHive to v0.10.1 or later$/,
			code: 1,
		},
		{
			it: 'an operator by a name the product does not know',
			plant: () => apply(plane(), [operatorDeployment(undefined, 'renamed')]),
			mend: () => apply(plane(), [operatorDeployment()]),
			says: [/^operator fail: system:serviceaccount:toolhive-system:renamed is not among --operator-usernames/],
			fix: /^kubectl set env -n toolhive-scaling deployment\/toolhive-scaling THV_SCALING_OPERATOR_USERNAMES=\S+,system:serviceaccount:toolhive-system:renamed$/,
			code: 1,
		},
		{
			it: 'a runner that does not read Redis',
			plant: () => apply(plane(), [operatorDeployment(undefined, undefined, runner(':v0.12.5'))]),
			mend: () => apply(plane(), [operatorDeployment()]),
			says: [
				/^operator fail: .* has TOOLHIVE_RUNNER_IMAGE v0.12.5: spec.sessionStorage of MCPServer doctored\/web needs a proxy image of v0.16.0 or newer, not v0.12.5$/,
				/^operator warn: .* has TOOLHIVE_RUNNER_IMAGE v0.12.5: proxy image v0.12.5 is older than v0.27.0: .* may roll the backend and end its sessions$/,
			],
			fix: SET_RUNNER,
			code: 1,
		},
		{
			it: 'a runner that reads Redis and applies its backend in random order',
			plant: () => apply(plane(), [operatorDeployment(undefined, undefined, runner(':v0.26.0'))]),
			mend: () => apply(plane(), [operatorDeployment()]),
			says: [/^operator warn: .* has TOOLHIVE_RUNNER_IMAGE v0.26.0: proxy image v0.26.0 is older than v0.27.0: /],
			fix: SET_RUNNER,
			code: 0,
		},
		{
			it: 'a runner without a version in its tag',
			plant: () => apply(plane(), [operatorDeployment(undefined, undefined, runner(':latest'))]),
			mend: () => apply(plane(), [operatorDeployment()]),
			says: [/^operator warn: .* has TOOLHIVE_RUNNER_IMAGE \S+:latest, which has no version in its tag: not judged$/],
			fix: SET_RUNNER,
			code: 0,
		},
		{
			it: 'no operator',
			plant: () => must(['delete', 'deployment', 'toolhive-operator', '-n', 'toolhive-system']),
			mend: () => apply(plane(), [operatorDeployment()]),
			says: [/^operator warn: the ToolHive operator was not found/],
			fix: /^install ToolHive/,
			code: 0,
		},
		{
			it: 'a Deployment and a RunConfig without their server as owner',
			plant: async () => {
				const owner = { kind: 'MCPServer', name: 'web', namespace: namespace.name, uid: 'of-a-former-server' };
				await namespace.apply(proxyDeployment(owner));
				await namespace.apply(runConfigMap(owner, '{}'));
			},
			mend: async () => {
				await remove('deployment', 'web');
				await remove('configmap', 'web-runconfig');
			},
			says: [
				/^owners fail: Deployment doctored\/web is not owned by MCPServer web: scaling settings are not applied to it$/,
				/^owners fail: ConfigMap doctored\/web-runconfig is not owned by MCPServer web: /,
			],
			fix: /^kubectl patch (deployment web|configmap web-runconfig) -n doctored --type=merge -p '\{"metadata":/,
			code: 1,
		},
		{
			it: 'an autoscaler on a server with replicas, and one on a stdio server',
			plant: async () => {
				await server('files', { transport: 'stdio' });
				await namespace.apply(autoscaler('web'));
				await namespace.apply(autoscaler('files'));
			},
			mend: async () => {
				await remove('hpa', 'web-hpa');
				await remove('hpa', 'files-hpa');
				await remove('mcpserver', 'files');
			},
			says: [
				/^autoscalers warn: MCPServer doctored\/web spec.replicas: remove it: .* web-hpa \(autoscaled-and-pinned\)$/,
				/^autoscalers warn: MCPServer doctored\/files spec.transport: stdio stays at 1 replica.* \(stdio-autoscaled\)$/,
			],
			fix: /^kubectl (patch mcpserver web|delete hpa files-hpa) -n doctored/,
			code: 0,
		},
		{
			it: 'a password Secret that is not there, and one without the key',
			plant: async () => {
				await server('lost', { transport: 'sse', sessionStorage: redisOf('nowhere', 'password') });
				await server('misspelt', { transport: 'sse', sessionStorage: redisOf('redis-secret', 'passwort') });
				await server('odd', { transport: 'sse', sessionStorage: redisOf('../../../x', '$(id)') });
			},
			mend: async () => {
				for (const name of ['lost', 'misspelt', 'odd']) await remove('mcpserver', name);
			},
			says: [
				/^secrets fail: Secret doctored\/nowhere is not there, and MCPServer lost needs it$/,
				/^secrets fail: Secret doctored\/redis-secret has no key passwort \(it has password\), and MCPServer misspelt needs it$/,
				/^secrets fail: Secret doctored\/..\/..\/..\/x cannot exist by that name, and MCPServer odd needs it$/,
			],
			fix: /kubectl create secret generic nowhere -n doctored --from-file=password=FILE$|kubectl edit mcpserver (misspelt|odd) -n doctored$/,
			code: 1,
		},
	];
}
