/** Asks a real API server which writes reach the webhook: selectors, rules and matchConditions for Deployments and what belongs to them. */
import { expect } from 'chai';
import { KIND_LIST, KINDS } from '../../../src/api/names.ts';
import { useRegistrations } from '../registered.ts';
import {
	backend,
	configMap,
	deployment,
	held,
	operatorConfigMap,
	ownedElsewhere,
	pod,
	proxyDeployment,
	proxyLabels,
	type Sample,
} from '../samples.ts';

const NS = 'registration';
/** Never touched by us; what a proxy looks like there must not matter. */
const EXCLUDED = ['kube-system', 'toolhive-scaling'];

describe('manifests: writes of workloads that reach the webhook', function () {
	this.timeout(60_000);
	const { annotate, askedBy, create, must, release } = useRegistrations(NS);
	const scale = (name: string, replicas: number, namespace = NS): Promise<string> =>
		must(['scale', '-n', namespace, 'deployment', name, `--replicas=${replicas}`]);

	describe('Deployments', () => {
		for (const kind of KIND_LIST) {
			it(`of a ${kind}: created and changed`, async () => {
				const name = `made-${KINDS[kind].app}`;
				expect(await askedBy(() => create(proxyDeployment(NS, name, kind)))).to.deep.equal([
					`deployments.mutate CREATE v1 deployments/${name}`,
				]);
				expect(await askedBy(() => annotate('deployment', name))).to.deep.equal([
					`deployments.mutate UPDATE v1 deployments/${name}`,
				]);
			});
		}
		it('that lose their labels: asked once more, so that nobody gets away like that', async () => {
			await create(proxyDeployment(NS, 'unlabelled'));
			expect(await askedBy(() => must(['label', '-n', NS, 'deployment', 'unlabelled', 'toolhive-']))).to.have.length(1);
			expect(await askedBy(() => annotate('deployment', 'unlabelled'))).to.deep.equal([]);
		});
		it('not their status', async () => {
			await create(proxyDeployment(NS, 'status'));
			const patch = ['patch', '-n', NS, 'deployment', 'status', '--subresource=status', '--type=merge', '-p'];
			expect(await askedBy(() => must([...patch, '{"status":{"replicas":1,"observedGeneration":1}}']))).to.deep.equal(
				[],
			);
		});
		for (const [title, sample] of [
			['not of somebody else', deployment(NS, 'other', { app: 'web' })],
			['not of somebody who calls it mcpserver', deployment(NS, 'other-app', { app: 'mcpserver' })],
			['not of another part of ToolHive', deployment(NS, 'other-part', { app: 'operator', toolhive: 'true' })],
			['not with copied labels and no owner', deployment(NS, 'copied', proxyLabels('MCPServer', 'copied'))],
			[
				'not with copied labels and another owner',
				ownedElsewhere(deployment(NS, 'owned', proxyLabels('MCPServer', 'owned'))),
			],
			...EXCLUDED.map((namespace) => [`not in ${namespace}`, proxyDeployment(namespace, 'web')] as const),
		] as const) {
			it(title, async () => {
				const { name, namespace } = sample.metadata;
				expect(await askedBy(() => create(sample))).to.deep.equal([]);
				expect(await askedBy(() => annotate('deployment', name, namespace))).to.deep.equal([]);
				await must(['delete', 'deployment', name, '-n', namespace]);
			});
		}
	});

	describe('scale', () => {
		before(async () => {
			for (const kind of KIND_LIST) await create(proxyDeployment(NS, `scaled-${KINDS[kind].app}`, kind));
			await create(deployment(NS, 'scaled-other', { app: 'mcpserver-dashboard', toolhive: 'true' }));
			await create(deployment(NS, 'scaled-app', { app: 'mcpserver' }));
			await create(proxyDeployment('kube-system', 'scaled'));
		});
		after(() => must(['delete', 'deployment', 'scaled', '-n', 'kube-system']));

		it('of an MCPServer', async () => {
			expect(await askedBy(() => scale('scaled-mcpserver', 3))).to.deep.equal([
				'scale.mutate UPDATE v1 deployments/scale/scaled-mcpserver',
			]);
		});
		it('of an MCPServer by a client that sends no status', async () => {
			const path = `/apis/apps/v1/namespaces/${NS}/deployments/scaled-mcpserver/scale`;
			const { metadata } = JSON.parse(await must(['get', '--raw', path])) as Sample;
			const sent = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata, spec: { replicas: 4 } };
			expect(await askedBy(() => must(['replace', '--raw', path, '-f', '-'], sent))).to.have.length(1);
		});
		for (const name of ['scaled-virtualmcpserver', 'scaled-mcpremoteproxy', 'scaled-other', 'scaled-app']) {
			it(`not of ${name}`, async () => expect(await askedBy(() => scale(name, 3))).to.deep.equal([]));
		}
		it('not in kube-system', async () =>
			expect(await askedBy(() => scale('scaled', 3, 'kube-system'))).to.deep.equal([]));
	});

	describe('StatefulSets', () => {
		const setEnv = (name: string, value: string): Promise<string> =>
			must(['set', 'env', '-n', NS, `statefulset/${name}`, `A=${value}`]);
		it('a backend › its template changes › asked', async () => {
			expect(await askedBy(() => create(backend(NS, 'backend')))).to.deep.equal([]);
			expect(await askedBy(() => setEnv('backend', '1'))).to.deep.equal([
				'statefulsets.mutate UPDATE v1 statefulsets/backend',
			]);
		});
		it('a backend › it is scaled or annotated › not asked', async () => {
			await create(backend(NS, 'scaled-backend'));
			const scaled = () => must(['scale', '-n', NS, 'statefulset', 'scaled-backend', '--replicas=2']);
			expect(await askedBy(scaled)).to.deep.equal([]);
			expect(await askedBy(() => annotate('statefulset', 'scaled-backend'))).to.deep.equal([]);
		});
		it('another StatefulSet › its template changes › not asked', async () => {
			await create(backend(NS, 'database', { app: 'database' }));
			expect(await askedBy(() => setEnv('database', '1'))).to.deep.equal([]);
		});
	});

	describe('ConfigMaps', () => {
		for (const [kind, component] of [
			['MCPServer', 'run-config'],
			['MCPRemoteProxy', 'run-config'],
			['VirtualMCPServer', 'vmcp-config'],
		] as const) {
			it(`of a ${kind}: created and changed`, async () => {
				const sample = operatorConfigMap(NS, KINDS[kind].app, kind, component);
				const { name } = sample.metadata;
				expect(await askedBy(() => create(sample))).to.deep.equal([`configmaps.mutate CREATE v1 configmaps/${name}`]);
				expect(await askedBy(() => annotate('configmap', name))).to.deep.equal([
					`configmaps.mutate UPDATE v1 configmaps/${name}`,
				]);
			});
		}
		for (const [title, sample] of [
			['not of somebody else', configMap(NS, 'other')],
			['not others of the operator', operatorConfigMap(NS, 'tools', 'MCPServer', 'tool-config')],
			['not of another owner', ownedElsewhere(operatorConfigMap(NS, 'owned'))],
			['not without an owner', configMap(NS, 'copied', operatorConfigMap(NS, 'copied').metadata.labels)],
			...EXCLUDED.map((namespace) => [`not in ${namespace}`, operatorConfigMap(namespace, 'web')] as const),
		] as const) {
			it(title, async () => {
				const { name, namespace } = sample.metadata;
				expect(await askedBy(() => create(sample))).to.deep.equal([]);
				expect(await askedBy(() => annotate('configmap', name, namespace))).to.deep.equal([]);
				await must(['delete', 'configmap', name, '-n', namespace]);
			});
		}
	});

	describe('Pods, in pod mode', () => {
		it('of a proxy: when they are created', async () => {
			const sample = pod(NS, 'proxy', proxyLabels('VirtualMCPServer', 'web'));
			expect(await askedBy(() => create(sample))).to.deep.equal(['pods.mutate CREATE v1 pods/proxy']);
			expect(await askedBy(() => annotate('pod', 'proxy'))).to.deep.equal([]);
		});
		for (const [title, sample] of [
			['not of a backend', pod(NS, 'backend', { app: 'web', toolhive: 'true', 'toolhive-name': 'web' })],
			['not of somebody else', pod(NS, 'other', { app: 'mcpserver' })],
			...EXCLUDED.map(
				(namespace) => [`not in ${namespace}`, pod(namespace, 'proxy', proxyLabels('MCPServer', 'web'))] as const,
			),
		] as const) {
			it(title, async () => {
				expect(await askedBy(() => create(sample))).to.deep.equal([]);
				const { name, namespace } = sample.metadata;
				await must(['delete', 'pod', name, '-n', namespace, '--grace-period=0', '--force']);
			});
		}
	});

	describe('objects being deleted', () => {
		for (const [resource, sample] of [
			['deployment', held(proxyDeployment(NS, 'leaving'))],
			['configmap', held(operatorConfigMap(NS, 'leaving'))],
		] as const) {
			it(`a ${resource} is edited and goes without being asked about`, async () => {
				await create(sample);
				const { name } = sample.metadata;
				await must(['delete', resource, name, '-n', NS, '--wait=false']);
				expect(await askedBy(() => annotate(resource, name))).to.deep.equal([]);
				expect(await askedBy(() => release(resource, name))).to.deep.equal([]);
				expect(await must(['get', resource, name, '-n', NS, '--ignore-not-found'])).to.equal('');
			});
		}
	});
});
