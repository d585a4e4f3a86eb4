/** Replicas of the product that believe they run in pods, and what stands before them instead of a Service. */
import { type AddressInfo, connect, createServer } from 'node:net';
import { ROOT } from '../../test/agreement/documents.ts';
import { type Program, startProgram } from '../../test/commands/program.ts';
import type { ControlPlane } from '../../test/control-plane/start.ts';
import { apply, applyCrds, documentsOf, mustSucceed } from '../../test/e2e/product.ts';
import { UNGUARDED } from './load.ts';

const NAME = 'toolhive-scaling';

export interface Replica extends Program {
	readonly pod: string;
	readonly webhookPort: number;
	readonly metricsPort: number;
}

export async function startReplica(plane: ControlPlane, pod: string): Promise<Replica> {
	const flags = [
		`--kubeconfig=${plane.kubeconfig('webhook')}`,
		'--webhook-port=0',
		'--metrics-port=0',
		'--settle-seconds=1',
	];
	const program = startProgram(['serve', ...flags], { KUBERNETES_SERVICE_HOST: '127.0.0.1' });
	const { webhookPort, metricsPort } = await program.said('serving');
	return { ...program, pod, webhookPort: Number(webhookPort), metricsPort: Number(metricsPort) };
}

export interface Service {
	readonly port: number;
	/** Those that get new connections, in turn. */
	readonly leadTo: (replicas: readonly Replica[]) => void;
	readonly stop: () => void;
}

export async function startService(): Promise<Service> {
	let replicas: readonly Replica[] = [];
	let next = 0;
	const server = createServer((near) => {
		next += 1;
		const port = replicas[next % Math.max(replicas.length, 1)]?.webhookPort;
		if (port === undefined) {
			near.destroy();
			return;
		}
		const far = connect(port, '127.0.0.1');
		// A Service holds no bytes back either; else answers seem to take 40 ms.
		for (const socket of [near, far]) socket.setNoDelay(true);
		for (const [from, to] of [
			[near, far],
			[far, near],
		] as const) {
			from.on('error', () => undefined).on('close', () => to.destroy());
			from.pipe(to);
		}
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		port: (server.address() as AddressInfo).port,
		leadTo: (some) => {
			replicas = some;
		},
		stop: () => void server.close(),
	};
}

/** The manifests without what needs nodes; their Service is this machine. */
export async function install(plane: ControlPlane): Promise<object[]> {
	const { stdout } = await mustSucceed(plane.kubectl(['kustomize', `${ROOT}/manifests`]));
	const objects = documentsOf(stdout);
	await applyCrds(plane);
	await apply(
		plane,
		objects.filter(({ kind }) => /^(Namespace|ServiceAccount|(Cluster)?Role(Binding)?)$/.test(kind)),
	);
	const spec = { type: 'ExternalName', externalName: 'localhost' };
	await apply(plane, [{ apiVersion: 'v1', kind: 'Service', metadata: { name: NAME, namespace: NAME }, spec }]);
	return objects.filter(({ kind }) => kind.endsWith('WebhookConfiguration'));
}

interface Registration {
	readonly webhooks: readonly {
		readonly clientConfig: { readonly service: object };
		readonly namespaceSelector: { readonly matchExpressions: readonly object[] };
	}[];
}

export async function register(plane: ControlPlane, registrations: readonly object[], port: number): Promise<void> {
	const pointed = (registrations as readonly Registration[]).map((one) => ({
		...one,
		webhooks: one.webhooks.map((webhook) => ({
			...webhook,
			clientConfig: { service: { ...webhook.clientConfig.service, port } },
			namespaceSelector: {
				matchExpressions: [
					...webhook.namespaceSelector.matchExpressions,
					{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [UNGUARDED] },
				],
			},
		})),
	}));
	await apply(plane, pointed);
}
