/** The chart as a subchart: in a parent chart, with build metadata in its version, and without a replica count. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before } from 'mocha';
import { HELM_VERSIONS, type HelmGeneration } from '../../harness/helm/build.ts';
import { useHelm } from '../../harness/helm/mocha.ts';
import type { Manifest } from '../../harness/manifest-files.ts';
import { mustSucceed } from '../../harness/product.ts';
import { CHART, deploymentIn, NS, objectsIn, podIn, type Values } from '../chart.ts';

const imageIn = (objects: readonly Manifest[]): string => podIn(objects).containers[0]?.image ?? '';

for (const generation of Object.keys(HELM_VERSIONS) as HelmGeneration[]) {
	describe(`chart in a parent chart: Helm ${HELM_VERSIONS[generation]}`, function () {
		this.timeout(60_000);
		const helm = useHelm(generation);
		let folder: string;
		before(() => {
			folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-parent-'));
			mkdirSync(join(folder, 'charts'));
			cpSync(CHART, join(folder, 'charts/toolhive-scaling'), { recursive: true });
			const dependency = { name: NS, version: '0.1.0', condition: `${NS}.enabled`, tags: ['scaling'] };
			const parent = { apiVersion: 'v2', name: 'platform', version: '1.0.0', dependencies: [dependency] };
			writeFileSync(join(folder, 'Chart.yaml'), JSON.stringify(parent));
		});
		after(() => rmSync(folder, { recursive: true, force: true }));

		const template = async (chart: string, values: Values = {}): Promise<Manifest[]> => {
			const args = ['template', 'any', chart, '--namespace', NS, '--kube-version', '1.36.0', '--values', '-'];
			return objectsIn((await mustSucceed(helm(args, { input: JSON.stringify(values) }))).stdout);
		};
		/** Renders a parent chart. The values.yaml of the parent contains `values`, and the installation sets `given`. */
		const parentWith = (values: Values, given: Values = {}): Promise<Manifest[]> => {
			writeFileSync(join(folder, 'values.yaml'), JSON.stringify(values));
			return template(folder, given);
		};

		it('condition › enabled is true, false, or not set › rendered unless enabled is false', async () => {
			expect(await parentWith({ [NS]: { enabled: true } })).to.have.length((await template(CHART)).length);
			expect(await parentWith({ [NS]: { enabled: false } })).to.deep.equal([]);
			expect(await parentWith({})).not.to.deep.equal([]);
			// A default for `enabled` in the chart's values.yaml would override the tags in the parent.
			expect(await parentWith({ tags: { scaling: false } })).to.deep.equal([]);
		});
		it('global › values for other charts, a registry and pull secrets › only the last two are used', async () => {
			const imagePullSecrets = ['a', { name: 'b' }];
			const global = { imageRegistry: 'mirror.example.com:5000/hub', imagePullSecrets, other: { x: 1 } };
			const objects = await parentWith({ global, [NS]: { imagePullSecrets: [{ name: 'b' }, { name: 'c' }] } });
			expect(imageIn(objects)).to.equal('mirror.example.com:5000/hub/toolhive-scaling/toolhive-scaling:0.1.0');
			expect(podIn(objects).imagePullSecrets).to.deep.equal([{ name: 'b' }, { name: 'c' }, { name: 'a' }]);
		});
		it('fields to leave out › "" in values.yaml of the parent, or null at installation › left out', async () => {
			const left = (value: '' | null) => ({
				[NS]: { replicas: value, podSecurityContext: { runAsUser: value, runAsGroup: value } },
			});
			for (const objects of [await parentWith(left('')), await parentWith({}, left(null))]) {
				expect(deploymentIn(objects).spec).not.to.have.property('replicas');
				expect(podIn(objects).securityContext).not.to.have.any.keys('runAsUser', 'runAsGroup');
			}
		});

		it('version › with build metadata, or long › a valid label and image tag', async () => {
			for (const version of ['0.1.0+build.5', `0.1.0-${'x'.repeat(70)}+5`]) {
				const packaged = ['package', CHART, '--version', version, '--app-version', version, '--destination', folder];
				await mustSucceed(helm(packaged));
				const objects = await template(join(folder, `toolhive-scaling-${version}.tgz`));
				const tag = version.replace('+', '_');
				for (const { metadata } of objects)
					expect(metadata.labels?.['app.kubernetes.io/version']).to.equal(tag.slice(0, 63));
				expect(imageIn(objects)).to.equal(`ghcr.io/toolhive-scaling/toolhive-scaling:${tag}`);
			}
		});
	});
}
