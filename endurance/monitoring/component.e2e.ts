/** Tests the monitoring component on a real API server, with and without the CRDs of the Prometheus operator. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { needControlPlane } from '../../test/harness/control-plane/mocha.ts';
import { apply, documentsOf, mustSucceed, ROOT } from '../../test/harness/product.ts';
import { dashboard } from './dashboard.ts';
import { findOperatorCrds } from './programs.ts';

describe('monitoring: the component', () => {
	const plane = needControlPlane({ isOwn: true });
	let folder = '';
	before('an overlay as in docs/monitoring.md', () => {
		// kustomize does not accept absolute paths, so the folder must be in the checkout.
		folder = mkdtempSync(join(ROOT, 'manifests/.monitoring-'));
		writeFileSync(
			join(folder, 'kustomization.yaml'),
			'resources:\n- ../base\ncomponents:\n- ../components/monitoring\n',
		);
	});
	after(() => rmSync(folder, { recursive: true }));

	const dryRun = async (input: string) =>
		plane().kubectl(['apply', '--dry-run=server', '--validate=strict', '-f', '-'], { user: 'admin', input });
	const rendered = async (): Promise<string> => (await mustSucceed(plane().kubectl(['kustomize', folder]))).stdout;

	it('applied without the CRDs › kubectl names them, and applies all other objects', async () => {
		const { code, stdout, stderr } = await dryRun(await rendered());
		expect(code).to.equal(1);
		expect(stdout).to.contain('clusterrole.rbac.authorization.k8s.io/toolhive-scaling created');
		expect(stderr)
			.to.contain('no matches for kind "ServiceMonitor"')
			.and.contain('no matches for kind "PrometheusRule"');
	});

	it('applied with the CRDs › the API server accepts every object', async () => {
		const crds = await findOperatorCrds(process.env);
		const files = ['servicemonitors', 'prometheusrules'].flatMap((name) => [
			'-f',
			join(crds, `monitoring.coreos.com_${name}.yaml`),
		]);
		await mustSucceed(plane().kubectl(['apply', '--server-side', ...files], { user: 'admin' }));
		await mustSucceed(plane().kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']));
		await apply(plane(), [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'toolhive-scaling' } }]);
		const { code, stdout, stderr } = await dryRun(await rendered());
		expect(stderr).to.equal('');
		expect(code).to.equal(0);
		expect(stdout)
			.to.contain('servicemonitor.monitoring.coreos.com/toolhive-scaling created')
			.and.contain('prometheusrule.monitoring.coreos.com/toolhive-scaling created')
			.and.contain('configmap/toolhive-scaling-dashboard created');
	});

	it('the ConfigMap › applied › has the label for the sidecar, and the dashboard is unchanged', async () => {
		const configMap = documentsOf(await rendered()).find(({ kind }) => kind === 'ConfigMap') as unknown as {
			metadata: { labels: Record<string, string>; namespace: string };
			data: Record<string, string>;
		};
		expect(configMap.metadata.labels['grafana_dashboard']).to.equal('1');
		expect(configMap.metadata.namespace).to.equal('toolhive-scaling');
		expect(JSON.parse(configMap.data['toolhive-scaling.json'] ?? '')).to.deep.equal(dashboard());
	});
});
