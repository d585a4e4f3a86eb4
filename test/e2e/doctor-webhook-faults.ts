/** What can be wrong between a write and our webhooks: CRDs, registrations, certificates, the way to them. */
import { parse } from 'yaml';
import { issueCa } from '../../certs/issue.ts';
import type { Json } from '../../src/api/types.ts';
import { readText } from '../harness/product.ts';
import { type Cluster, type Fault, NS } from './doctor-cluster.ts';

const CRD = 'manifests/crds/toolhive.stacklok.dev_mcpservers.yaml';
const REGISTRATIONS = 'mutatingwebhookconfiguration,validatingwebhookconfiguration';

const client = (webhook: Json): Json => webhook['clientConfig'] as Json;
/** The API server reads registrations through a watch of its own and does not say when it has. */
const seen = () => new Promise((resolve) => setTimeout(resolve, 1_500));

export function webhookFaults(cluster: Cluster): readonly Fault[] {
	const { must } = cluster;
	const patchWebhooks = async (change: (webhook: Json) => Json): Promise<void> => {
		for (const kind of REGISTRATIONS.split(',')) {
			const { webhooks } = JSON.parse(await must(['get', kind, NS, '-o', 'json'])) as { webhooks: Json[] };
			const patch = JSON.stringify({ webhooks: webhooks.map(change) });
			await must(['patch', kind, NS, '--type=merge', '-p', patch]);
		}
		await seen();
	};
	const registerAnew = async (): Promise<void> => {
		await cluster.product().unregister();
		await cluster.product().register();
	};
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
			mend: () => must(['replace', '-f', CRD]),
			says: [
				/^crds fail: mcpservers\S+ v1beta1 lacks spec.backendReplicas and spec.sessionStorage: the API server drops them$/,
				/^crds fail: mcpservers\S+ v1alpha1 lacks /,
			],
			fix: /^kubectl get crd mcpservers\S+ -o yaml \| thv-scaling crds - \| kubectl replace -f -$/,
			code: 1,
		},
		{
			it: 'a CRD that is not there',
			plant: () => must(['delete', 'crd', 'virtualmcpservers.toolhive.stacklok.dev']),
			mend: () => must(['apply', '-f', 'manifests/crds']),
			says: [/^crds warn: virtualmcpservers.toolhive.stacklok.dev is not installed$/],
			fix: /^install ToolHive's CRDs/,
			code: 0,
		},
		{
			it: 'a registration that is missing',
			plant: () => must(['delete', REGISTRATIONS.split(',')[0] ?? '', NS]).then(seen),
			mend: registerAnew,
			says: [
				/^registration fail: MutatingWebhookConfiguration toolhive-scaling is not there/,
				/^reachable fail: the mutating webhook.* was not asked/,
			],
			fix: /kubectl apply -k local$/,
			code: 1,
		},
		{
			it: 'a validating webhook whose namespaceSelector leaves the servers out',
			plant: () => patchWebhooks((one) => ({ ...one, namespaceSelector: { matchLabels: { team: 'ours' } } })),
			mend: registerAnew,
			says: [
				/^reachable fail: the validating webhook.* was not asked: its namespaceSelector leaves the namespace out$/,
				/^reachable fail: the mutating webhook.* was not asked/,
			],
			fix: /namespaceSelector|kubectl apply -k local$/,
			code: 1,
		},
		{
			it: 'a caBundle of another authority',
			plant: async () => {
				const other = Buffer.from((await issueCa()).cert).toString('base64');
				await patchWebhooks((one) => ({ ...one, clientConfig: { ...client(one), caBundle: other } }));
			},
			mend: registerAnew,
			says: [
				/^ca-bundle fail: the caBundle of all 6 webhooks does not trust the certificate at https:/,
				/^reachable fail: the validating webhook.* cannot be called by the API server: .*x509/,
				/^reachable fail: the mutating webhook.* cannot be called by the API server: .*x509/,
			],
			fix: /^set caBundle in both registrations to the authority that signed the certificate: certs\/README.md$|see Certificate above/,
			code: 1,
		},
		{
			it: 'a webhook that nobody serves',
			plant: () =>
				patchWebhooks((one) => ({ ...one, clientConfig: { ...client(one), url: 'https://127.0.0.1:1/mutate' } })),
			mend: registerAnew,
			says: [
				/^registration fail: ValidatingWebhookConfiguration.* sends servers.validate\S+ to \/mutate, not to \/validate$/,
				/^ca-bundle warn: the certificate at https:\/\/127.0.0.1:1 was not seen from here: .*ECONNREFUSED/,
				/^reachable fail: the validating webhook.* cannot be called.*connection refused/,
				/^reachable fail: the mutating webhook.* cannot be called.*connection refused/,
			],
			fix: /pods,endpointslices -n toolhive-scaling|kubectl apply -k local$|known/,
			code: 1,
		},
		{
			it: 'a webhook that hangs',
			plant: async () => cluster.product().process.kill('SIGSTOP'),
			mend: async () => cluster.product().process.kill('SIGCONT'),
			says: [
				/^ca-bundle warn: .* was not seen from here: no answer within 10 s$/,
				/^reachable fail: the validating webhook.* cannot be called.*(deadline|timeout)/i,
				/^reachable fail: the mutating webhook.* cannot be called.*(deadline|timeout)/i,
			],
			fix: /^let the API server reach port 8443|known$/,
			code: 1,
		},
		{
			it: 'registrations that lead to a Service that is not there, with the certificate of the Secret',
			plant: () =>
				patchWebhooks((one) => ({
					...one,
					clientConfig: {
						caBundle: Buffer.from(cluster.authority()).toString('base64'),
						service: { name: NS, namespace: NS, path: new URL(String(client(one)['url'])).pathname, port: 443 },
					},
				})),
			mend: registerAnew,
			says: [
				/^reachable fail: the validating webhook.* cannot be called by the API server: service "toolhive-scaling" not found$/,
				/^reachable fail: the mutating webhook.* not found$/,
			],
			fix: /kubectl apply -k local$/,
			code: 1,
		},
	];
}
