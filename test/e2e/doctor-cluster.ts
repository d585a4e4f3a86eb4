/** A control plane with everything that `thv-scaling doctor` looks at, in good order, for tests to spoil. */
import { after, before } from 'mocha';
import { issueCa, issueServing } from '../../certs/issue.ts';
import { CERTIFICATE_SECRET, CERTIFICATE_SECRET_TYPE } from '../../src/api/names.ts';
import type { Json } from '../../src/api/types.ts';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import type { ControlPlane, User } from '../harness/control-plane/start.ts';
import { eventually } from '../harness/eventually.ts';
import { objectOf } from '../harness/manifest-files.ts';
import { metricOf } from '../harness/metrics.ts';
import { type Namespace, serverManifest, useNamespace } from '../harness/namespace.ts';
import { apply, mustSucceed, type Product, startProduct } from '../harness/product.ts';
import { type Ended, startProgram } from '../harness/program.ts';

export interface Check {
	readonly id: string;
	readonly status: 'ok' | 'warn' | 'fail';
	readonly subject: string;
	readonly message: string;
	readonly fix?: string;
}

export interface Examined {
	readonly code: number | null;
	readonly checks: readonly Check[];
	readonly summary: Readonly<Record<Check['status'], number>>;
	/** Those that are not ok. */
	readonly troubles: readonly Check[];
}

/** Something planted, and what is said of it. */
export interface Fault {
	readonly it: string;
	readonly plant: () => Promise<unknown>;
	readonly repair: () => Promise<unknown>;
	/** Every line that is not ok, as `id status: sentence`. */
	readonly says: readonly RegExp[];
	readonly fix: RegExp;
	readonly code: 0 | 1;
}

export interface Cluster {
	readonly plane: () => ControlPlane;
	readonly product: () => Product;
	readonly namespace: Namespace;
	readonly doctor: (args?: readonly string[], user?: User) => Promise<Ended>;
	readonly examine: (user?: User) => Promise<Examined>;
	/** kubectl as admin; throws when it fails. */
	readonly must: (args: readonly string[], input?: Json) => Promise<string>;
	/** The authority that signed what is in our Secret. */
	readonly authority: () => string;
}

export const NS = 'toolhive-scaling';

const named = (apiVersion: string, kind: string, name: string, namespace?: string) => ({
	apiVersion,
	kind,
	metadata: { name, ...(namespace !== undefined && { namespace }) },
});

const OPERATOR = 'ghcr.io/stacklok/toolhive/operator:v0.12.5';
const RUNNER = 'ghcr.io/stacklok/toolhive/proxyrunner:v0.47.0';

/** As ToolHive's chart makes it, cut down. */
export const operatorDeployment = (account = 'toolhive-operator') => ({
	...named('apps/v1', 'Deployment', 'toolhive-operator', 'toolhive-system'),
	spec: {
		selector: { matchLabels: { 'app.kubernetes.io/name': 'toolhive-operator' } },
		template: {
			metadata: { labels: { 'app.kubernetes.io/name': 'toolhive-operator' } },
			spec: {
				serviceAccountName: account,
				containers: [{ name: 'manager', image: OPERATOR, env: [{ name: 'TOOLHIVE_RUNNER_IMAGE', value: RUNNER }] }],
			},
		},
	},
});

export const redisOf = (name: string, key: string) => ({
	provider: 'redis',
	address: 'redis.mcp.svc:6379',
	passwordRef: { name, key },
});

/** A password nobody may ever read in a report. */
export const PASSWORD = 'correct-horse-battery-staple';

export function useDoctor(namespaceName: string): Cluster {
	const plane = needControlPlane({ isOwn: true });
	let product: Product | undefined;
	let authority = '';
	const must = async (args: readonly string[], input?: Json): Promise<string> => {
		const how = { user: 'admin' as const, ...(input !== undefined && { input: JSON.stringify(input) }) };
		return (await mustSucceed(plane().kubectl(args, how))).stdout;
	};
	before('product', async function () {
		this.timeout(60_000);
		product = await startProduct(plane());
	});
	after('product', async function () {
		this.timeout(60_000);
		await product?.stop();
	});
	const namespace = useNamespace(plane, namespaceName);

	before('everything else', async function () {
		this.timeout(60_000);
		const made = await issueCa();
		const serving = await issueServing(made);
		authority = made.cert;
		const secret = { 'tls.crt': serving.cert, 'tls.key': serving.key };
		await apply(plane(), [
			{
				...named('v1', 'Secret', CERTIFICATE_SECRET, NS),
				type: CERTIFICATE_SECRET_TYPE,
				stringData: secret,
			},
			objectOf('Deployment'),
			named('v1', 'Namespace', 'toolhive-system'),
		]);
		await apply(plane(), [operatorDeployment()]);
		await setReady(must, 2);
		await namespace.apply({ ...named('v1', 'Secret', 'redis-secret'), stringData: { password: PASSWORD } });
		const spec = { transport: 'sse', replicas: 2, sessionStorage: redisOf('redis-secret', 'password') };
		await namespace.create(serverManifest('MCPServer', 'web', spec));
		await eventually(async () => {
			if ((await metricOf(product as Product, 'thv_scaling_leader')) !== 1) throw new Error('not leading yet');
		});
	});

	const doctor: Cluster['doctor'] = (args = [], user = 'admin') =>
		startProgram(['doctor', '--kubeconfig', plane().kubeconfig(user), ...args]).ended;
	return {
		plane,
		product: () => product as Product,
		namespace,
		doctor,
		examine: async (user) => {
			const { code, stdout, stderr } = await doctor(['--output=json'], user);
			if (stderr !== '') throw new Error(stderr);
			const { checks, summary } = JSON.parse(stdout) as Pick<Examined, 'checks' | 'summary'>;
			return { code, checks, summary, troubles: checks.filter(({ status }) => status !== 'ok') };
		},
		must,
		authority: () => authority,
	};
}

/** No pod ever runs here, so the test says how many are ready. */
export const setReady = (must: Cluster['must'], readyReplicas: number): Promise<string> => {
	const status = { replicas: 2, readyReplicas, availableReplicas: readyReplicas };
	const patch = JSON.stringify({ status });
	return must(['patch', 'deployment', NS, '-n', NS, '--subresource=status', '--type=merge', '-p', patch]);
};
