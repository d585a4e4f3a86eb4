/** Faults that only a real API server shows. */
import { parse } from 'yaml';
import { issueCa } from '../../certs/issue.ts';
import type { Json } from '../../src/api/types.ts';
import { objectOf } from '../harness/manifest-files.ts';
import { serverManifest } from '../harness/namespace.ts';
import { autoscaler } from '../harness/objects.ts';
import { apply, readText } from '../harness/product.ts';
import { type DoctorCluster, NS, operatorDeployment, withPassword } from './doctor-cluster.ts';

/** A fault. `problems` matches every line that is not ok, as `id status: sentence`. */
export interface Fault {
	readonly title: string;
	readonly plant: () => Promise<unknown>;
	readonly repair: () => Promise<unknown>;
	readonly problems: readonly RegExp[];
	readonly fix: RegExp;
}

const CRD = 'manifests/crds/toolhive.stacklok.dev_mcpservers.yaml';
const CONFIGURATIONS = ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration'];
const base64 = (text: string): string => Buffer.from(text).toString('base64');

export function faults({ ca, must, namespace, plane, product, setReady }: DoctorCluster): readonly Fault[] {
	const patchWebhooks = async (change: (webhook: Json, client: Json) => Json): Promise<void> => {
		for (const kind of CONFIGURATIONS) {
			const { webhooks } = JSON.parse(await must(['get', kind, NS, '-o', 'json'])) as { webhooks: Json[] };
			const changed = webhooks.map((one) => ({ ...one, ...change(one, one['clientConfig'] as Json) }));
			await must(['patch', kind, NS, '--type=merge', '-p', JSON.stringify({ webhooks: changed })]);
		}
	};
	const registerAgain = async (): Promise<void> => {
		await product().deleteWebhooks();
		await product().applyWebhooks();
	};
	return [
		{
			title: 'a CRD without the scaling fields',
			plant: async () => {
				const crd = parse(readText(CRD));
				const properties = { image: { type: 'string' }, transport: { type: 'string' }, replicas: { type: 'integer' } };
				for (const { schema } of crd.spec.versions)
					schema.openAPIV3Schema.properties.spec = { type: 'object', properties };
				await must(['replace', '-f', '-'], { ...crd, metadata: { name: crd.metadata.name } });
			},
			repair: () => must(['replace', '-f', CRD]),
			problems: [
				/^crds fail: mcpservers\S+ v1beta1 lacks spec.backendReplicas and spec.sessionStorage: the API server drops them$/,
				/^crds fail: mcpservers\S+ v1alpha1 lacks /,
			],
			fix: /^kubectl get crd mcpservers\S+ -o yaml \| thv-scaling crds - \| kubectl replace -f -$/,
		},
		{
			title: 'a missing webhook configuration',
			plant: () => must(['delete', CONFIGURATIONS[0] ?? '', NS]),
			repair: registerAgain,
			problems: [
				/^webhooks fail: MutatingWebhookConfiguration toolhive-scaling does not exist/,
				/^reachable fail: the mutating webhook.* was not called/,
			],
			fix: /kubectl apply -k local$/,
		},
		{
			title: 'a caBundle with another CA',
			plant: async () => {
				const caBundle = base64((await issueCa()).cert);
				await patchWebhooks((_, client) => ({ clientConfig: { ...client, caBundle } }));
			},
			repair: registerAgain,
			problems: [
				/^ca-bundle fail: the caBundle of all 6 webhooks does not trust the certificate at https:/,
				/^reachable fail: the validating webhook.* cannot be called by the API server: .*x509/,
				/^reachable fail: the mutating webhook.* cannot be called by the API server: .*x509/,
			],
			fix: /^set caBundle in both webhook configurations to the CA that issued the certificate: certs\/README.md$|see the Certificate check above/,
		},
		{
			title: 'a webhook that hangs',
			plant: async () => product().process.kill('SIGSTOP'),
			repair: async () => product().process.kill('SIGCONT'),
			problems: [
				/^ca-bundle warn: .* cannot be fetched from here: no answer within 10 s$/,
				/^reachable fail: the validating webhook.* cannot be called.*(deadline|timeout)/i,
				/^reachable fail: the mutating webhook.* cannot be called.*(deadline|timeout)/i,
			],
			fix: /^let the API server reach port 8443|can reach that address$/,
		},
		{
			title: 'webhook configurations that call a Service that does not exist, with the certificate from the Secret',
			plant: () =>
				patchWebhooks((_, { url }) => {
					const service = { name: NS, namespace: NS, path: new URL(String(url)).pathname, port: 443 };
					return { clientConfig: { caBundle: base64(ca()), service } };
				}),
			repair: registerAgain,
			problems: [
				/^reachable fail: the validating webhook.* cannot be called by the API server: service "toolhive-scaling" not found$/,
				/^reachable fail: the mutating webhook.* not found$/,
			],
			fix: /kubectl apply -k local$/,
		},
		{
			title:
				'no ready pod, a missing permission, another operator, a conflicting autoscaler, and a Secret without the key',
			plant: async () => {
				await setReady(0);
				await must(['patch', 'clusterrole', NS, '--type=json', '-p', '[{"op":"remove","path":"/rules/3"}]']);
				await apply(plane(), [operatorDeployment('renamed')]);
				const hpa = autoscaler('web');
				await namespace.apply({ ...hpa, metadata: { ...(hpa['metadata'] as Json), namespace: namespace.name } });
				const spec = withPassword('redis-secret', 'passwort');
				await namespace.apply(serverManifest('MCPServer', 'misspelt', spec));
			},
			repair: async () => {
				await setReady(2);
				await apply(plane(), [objectOf('ClusterRole'), operatorDeployment()]);
				await namespace.kubectl(['delete', 'hpa/web-hpa', 'mcpserver/misspelt']);
			},
			problems: [
				/^deployment fail: toolhive-scaling\/toolhive-scaling has 0 of 2 replicas ready.*: no replica is ready to answer$/,
				/^permissions fail: system:serviceaccount:\S+ cannot get, list, watch and patch deployments.apps$/,
				/^operator fail: system:serviceaccount:toolhive-system:renamed is not among --operator-usernames/,
				/^autoscalers warn: MCPServer doctored\/web spec.replicas: conflicts with .* web-hpa; remove spec.replicas \(autoscaled-and-pinned\)$/,
				/^secrets fail: Secret doctored\/redis-secret has no key passwort \(it has password\), and MCPServer misspelt needs it$/,
			],
			fix: /^kubectl (describe pods -n toolhive-scaling; kubectl logs|set env .*:renamed$|patch mcpserver web)|edit mcpserver misspelt -n doctored$|kubectl apply -k local$/,
		},
	];
}
