/** Prepares a control plane with everything that `thv-scaling doctor` checks, without a fault. */
import { after, before } from 'mocha';
import { issueCa, issueServing } from '../../certs/issue.ts';
import { CERTIFICATE_SECRET, CERTIFICATE_SECRET_TYPE } from '../../src/api/names.ts';
import type { Line } from '../../src/doctor/run-checks.ts';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import type { User } from '../harness/control-plane/start.ts';
import { eventually } from '../harness/eventually.ts';
import { objectOf } from '../harness/manifest-files.ts';
import { metricOf } from '../harness/metrics.ts';
import { serverManifest, useNamespace } from '../harness/namespace.ts';
import { apply, mustSucceed, type Product, startProduct } from '../harness/product.ts';
import { type Ended, startProgram } from '../harness/program.ts';

export type { Line as Check };

export const NS = 'toolhive-scaling';

const named = (apiVersion: string, kind: string, name: string, namespace?: string) => ({
	...{ apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } },
});

/** Returns the operator Deployment from ToolHive's chart, without the fields that do not matter here. */
export const operatorDeployment = (serviceAccountName = 'toolhive-operator') => {
	const labels = { 'app.kubernetes.io/name': 'toolhive-operator' };
	const env = [{ name: 'TOOLHIVE_RUNNER_IMAGE', value: 'ghcr.io/stacklok/toolhive/proxyrunner:v0.47.0' }];
	const containers = [{ name: 'manager', image: 'ghcr.io/stacklok/toolhive/operator:v0.12.5', env }];
	return {
		...named('apps/v1', 'Deployment', 'toolhive-operator', 'toolhive-system'),
		spec: {
			selector: { matchLabels: labels },
			template: { metadata: { labels }, spec: { serviceAccountName, containers } },
		},
	};
};

/** Returns the fields of a server whose password is in a Secret. */
export const withPassword = (name: string, key: string) => ({
	transport: 'sse',
	sessionStorage: { provider: 'redis', address: 'redis.mcp.svc:6379', passwordRef: { name, key } },
});

/** A password that no report may contain. */
export const PASSWORD = 'correct-horse-battery-staple';

export type DoctorCluster = ReturnType<typeof useDoctor>;

export function useDoctor() {
	const plane = needControlPlane({ isOwn: true });
	let product: Product | undefined;
	let ca = '';
	/** Runs kubectl as admin. Throws if kubectl fails. */
	const must = async (args: readonly string[], input?: object): Promise<string> => {
		const how = { user: 'admin' as const, ...(input !== undefined && { input: JSON.stringify(input) }) };
		return (await mustSucceed(plane().kubectl(args, how))).stdout;
	};
	/** Writes the number of ready replicas, because no pods run in this control plane. */
	const setReady = (readyReplicas: number): Promise<string> => {
		const status = { replicas: 2, readyReplicas, availableReplicas: readyReplicas };
		const patch = JSON.stringify({ status });
		return must(['patch', 'deployment', NS, '-n', NS, '--subresource=status', '--type=merge', '-p', patch]);
	};
	before('product', async function () {
		this.timeout(60_000);
		product = await startProduct(plane());
	});
	after('product', async function () {
		this.timeout(60_000);
		await product?.stop();
	});
	const namespace = useNamespace(plane, 'doctored');

	before('everything else', async function () {
		this.timeout(60_000);
		const issuer = await issueCa();
		const serving = await issueServing(issuer);
		ca = issuer.cert;
		const secret = named('v1', 'Secret', CERTIFICATE_SECRET, NS);
		const stringData = { 'tls.crt': serving.cert, 'tls.key': serving.key };
		await apply(plane(), [
			{ ...secret, type: CERTIFICATE_SECRET_TYPE, stringData },
			...[objectOf('Deployment'), named('v1', 'Namespace', 'toolhive-system'), operatorDeployment()],
		]);
		await setReady(2);
		await namespace.apply({ ...named('v1', 'Secret', 'redis-secret'), stringData: { password: PASSWORD } });
		const spec = { replicas: 2, ...withPassword('redis-secret', 'password') };
		await namespace.create(serverManifest('MCPServer', 'web', spec));
		await eventually(async () => {
			if ((await metricOf(product as Product, 'thv_scaling_leader')) !== 1) throw new Error('not leading yet');
		});
	});

	const doctor = (args: readonly string[] = [], user: User = 'admin'): Promise<Ended> =>
		startProgram(['doctor', '--kubeconfig', plane().kubeconfig(user), ...args]).ended;
	/** Returns the report as JSON, and the checks in it that are not ok. */
	const report = async (user?: User) => {
		const { code, stdout, stderr } = await doctor(['--output=json'], user);
		if (stderr !== '') throw new Error(stderr);
		const { checks, summary } = JSON.parse(stdout) as { checks: Line[]; summary: object };
		return { code, checks, summary, problems: checks.filter(({ status }) => status !== 'ok') };
	};
	return { plane, namespace, must, setReady, doctor, report, product: () => product as Product, ca: () => ca };
}
