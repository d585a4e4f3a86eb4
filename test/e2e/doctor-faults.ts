/** What can be wrong in a cluster so that only a real API server shows it: CRDs, registrations, certificates, permissions, objects. */
import { parse } from 'yaml';
import { issueCa } from '../../certs/issue.ts';
import type { Json } from '../../src/api/types.ts';
import { objectOf } from '../harness/manifest-files.ts';
import { serverManifest } from '../harness/namespace.ts';
import { apply, readText } from '../harness/product.ts';
import { type Cluster, type Fault, NS, operatorDeployment, redisOf, setReady } from './doctor-cluster.ts';

const CRD = 'manifests/crds/toolhive.stacklok.dev_mcpservers.yaml';
const REGISTRATIONS = 'mutatingwebhookconfiguration,validatingwebhookconfiguration';

const client = (webhook: Json): Json => webhook['clientConfig'] as Json;
const autoscaler = (target: string) => ({
	apiVersion: 'autoscaling/v2',
	kind: 'HorizontalPodAutoscaler',
	metadata: { name: `${target}-hpa` },
	spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target } },
});

export function faults(cluster: Cluster): readonly Fault[] {
	const { must, namespace, plane } = cluster;
	const patchWebhooks = async (change: (webhook: Json) => Json): Promise<void> => {
		for (const kind of REGISTRATIONS.split(',')) {
			const { webhooks } = JSON.parse(await must(['get', kind, NS, '-o', 'json'])) as { webhooks: Json[] };
			const patch = JSON.stringify({ webhooks: webhooks.map(change) });
			await must(['patch', kind, NS, '--type=merge', '-p', patch]);
		}
	};
	const registerAgain = async (): Promise<void> => {
		await cluster.product().unregister();
		await cluster.product().register();
	};
	const server = (name: string, spec: object) => namespace.apply(serverManifest('MCPServer', name, spec));
	const remove = (resource: string, name: string) => namespace.kubectl(['delete', resource, name]);
	return [
		{
			it: 'a CRD without the scaling fields',
			plant: async () => {
				const crd = parse(readText(CRD));
				for (const { schema } of crd.spec.versions) {
					schema.openAPIV3Schema.properties.spec = {
						type: 'object',
						properties: { image: { type: 'string' }, transport: { type: 'string' }, replicas: { type: 'integer' } },
					};
				}
				await must(['replace', '-f', '-'], { ...crd, metadata: { name: crd.metadata.name } });
			},
			repair: () => must(['replace', '-f', CRD]),
			says: [
				/^crds fail: mcpservers\S+ v1beta1 lacks spec.backendReplicas and spec.sessionStorage: the API server drops them$/,
				/^crds fail: mcpservers\S+ v1alpha1 lacks /,
			],
			fix: /^kubectl get crd mcpservers\S+ -o yaml \| thv-scaling crds - \| kubectl replace -f -$/,
			code: 1,
		},
		{
			it: 'a missing webhook configuration',
			plant: () => must(['delete', REGISTRATIONS.split(',')[0] ?? '', NS]),
			repair: registerAgain,
			says: [
				/^webhooks fail: MutatingWebhookConfiguration toolhive-scaling does not exist/,
				/^reachable fail: the mutating webhook.* was not called/,
			],
			fix: /kubectl apply -k local$/,
			code: 1,
		},
		{
			it: 'a validating webhook whose namespaceSelector leaves the servers out',
			plant: () => patchWebhooks((one) => ({ ...one, namespaceSelector: { matchLabels: { team: 'ours' } } })),
			repair: registerAgain,
			says: [
				/^reachable fail: the validating webhook.* was not called: its namespaceSelector excludes the namespace$/,
				/^reachable fail: the mutating webhook.* was not called/,
			],
			fix: /namespaceSelector|kubectl apply -k local$/,
			code: 1,
		},
		{
			it: 'a caBundle of another CA',
			plant: async () => {
				const other = Buffer.from((await issueCa()).cert).toString('base64');
				await patchWebhooks((one) => ({ ...one, clientConfig: { ...client(one), caBundle: other } }));
			},
			repair: registerAgain,
			says: [
				/^ca-bundle fail: the caBundle of all 6 webhooks does not trust the certificate at https:/,
				/^reachable fail: the validating webhook.* cannot be called by the API server: .*x509/,
				/^reachable fail: the mutating webhook.* cannot be called by the API server: .*x509/,
			],
			fix: /^set caBundle in both webhook configurations to the CA that issued the certificate: certs\/README.md$|see the Certificate check above/,
			code: 1,
		},
		{
			it: 'a webhook that hangs',
			plant: async () => cluster.product().process.kill('SIGSTOP'),
			repair: async () => cluster.product().process.kill('SIGCONT'),
			says: [
				/^ca-bundle warn: .* cannot be fetched from here: no answer within 10 s$/,
				/^reachable fail: the validating webhook.* cannot be called.*(deadline|timeout)/i,
				/^reachable fail: the mutating webhook.* cannot be called.*(deadline|timeout)/i,
			],
			fix: /^let the API server reach port 8443|can reach that address$/,
			code: 1,
		},
		{
			it: 'webhook configurations that call a Service that does not exist, with the certificate of the Secret',
			plant: () =>
				patchWebhooks((one) => ({
					...one,
					clientConfig: {
						caBundle: Buffer.from(cluster.authority()).toString('base64'),
						service: { name: NS, namespace: NS, path: new URL(String(client(one)['url'])).pathname, port: 443 },
					},
				})),
			repair: registerAgain,
			says: [
				/^reachable fail: the validating webhook.* cannot be called by the API server: service "toolhive-scaling" not found$/,
				/^reachable fail: the mutating webhook.* not found$/,
			],
			fix: /kubectl apply -k local$/,
			code: 1,
		},
		{
			it: 'a rule that is missing in the ClusterRole',
			plant: () => must(['patch', 'clusterrole', NS, '--type=json', '-p', '[{"op":"remove","path":"/rules/3"}]']),
			repair: () => apply(plane(), [objectOf('ClusterRole')]),
			says: [/^permissions fail: system:serviceaccount:\S+ cannot get, list, watch and patch deployments.apps$/],
			fix: /^apply the whole installation \(docs\/install.md#4-apply\): kubectl apply -k local$/,
			code: 1,
		},
		{
			it: 'a Deployment without ready pods',
			plant: () => setReady(must, 0),
			repair: () => setReady(must, 2),
			says: [
				/^deployment fail: toolhive-scaling\/toolhive-scaling has 0 of 2 replicas ready.*: no replica is ready to answer$/,
			],
			fix: /^kubectl describe pods -n toolhive-scaling; kubectl logs/,
			code: 1,
		},
		{
			it: 'an operator by a name the product does not know',
			plant: () => apply(plane(), [operatorDeployment('renamed')]),
			repair: () => apply(plane(), [operatorDeployment()]),
			says: [/^operator fail: system:serviceaccount:toolhive-system:renamed is not among --operator-usernames/],
			fix: /^kubectl set env -n toolhive-scaling deployment\/toolhive-scaling THV_SCALING_OPERATOR_USERNAMES=\S+,system:serviceaccount:toolhive-system:renamed$/,
			code: 1,
		},
		{
			it: 'an autoscaler on a server with replicas, and one on a stdio server',
			plant: async () => {
				await server('files', { transport: 'stdio' });
				await namespace.apply(autoscaler('web'));
				await namespace.apply(autoscaler('files'));
			},
			repair: async () => {
				await remove('hpa', 'web-hpa');
				await remove('hpa', 'files-hpa');
				await remove('mcpserver', 'files');
			},
			says: [
				/^autoscalers warn: MCPServer doctored\/web spec.replicas: conflicts with .* web-hpa; remove spec.replicas \(autoscaled-and-pinned\)$/,
				/^autoscalers warn: MCPServer doctored\/files spec.transport: stdio stays at 1 replica.* \(stdio-autoscaled\)$/,
			],
			fix: /^kubectl (patch mcpserver web|delete hpa files-hpa) -n doctored/,
			code: 0,
		},
		{
			it: 'a password Secret that does not exist, and one without the key',
			plant: async () => {
				await server('lost', { transport: 'sse', sessionStorage: redisOf('nowhere', 'password') });
				await server('misspelt', { transport: 'sse', sessionStorage: redisOf('redis-secret', 'passwort') });
				await server('odd', { transport: 'sse', sessionStorage: redisOf('../../../x', '$(id)') });
			},
			repair: async () => {
				for (const name of ['lost', 'misspelt', 'odd']) await remove('mcpserver', name);
			},
			says: [
				/^secrets fail: Secret doctored\/nowhere does not exist, and MCPServer lost needs it$/,
				/^secrets fail: Secret doctored\/redis-secret has no key passwort \(it has password\), and MCPServer misspelt needs it$/,
				/^secrets fail: Secret doctored\/..\/..\/..\/x has a name that Kubernetes does not allow, and MCPServer odd needs it$/,
			],
			fix: /kubectl create secret generic nowhere -n doctored --from-file=password=FILE$|kubectl edit mcpserver (misspelt|odd) -n doctored$/,
			code: 1,
		},
	];
}
