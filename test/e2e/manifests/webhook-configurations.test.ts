/**
 * Checks which writes a real API server sends to the webhooks (selectors, rules, matchConditions), and which writes
 * succeed while the webhooks are down.
 */
import { expect } from 'chai';
import { KIND_LIST, KINDS, type Kind, VERSIONS } from '../../../src/api/names.ts';
import { serverManifest, useNamespace } from '../../harness/namespace.ts';
import { proxyDeployment, runConfigMap } from '../../harness/operator-writes.ts';
import { apply, mustSucceed } from '../../harness/product.ts';
import { useRecorder } from './webhook-recorder.ts';

const NS = 'webhook-configurations';
/** Namespaces for which the API server never calls the webhooks. */
const EXCLUDED = ['kube-system', 'toolhive-scaling'];

interface Sample {
	readonly kind: string;
	readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: object };
	readonly [section: string]: unknown;
}

const owner = (name: string, kind: Kind = 'MCPServer') => ({
	...{ kind, name, namespace: NS, uid: '0f3c2b9e-1f0a-4a58-9c1d-6c0a5b1e0001' },
});
const proxy = (name: string, kind?: Kind): Sample => proxyDeployment(owner(name, kind));
const runConfig = (name: string, kind?: Kind): Sample => runConfigMap(owner(name, kind), '{}');
const server = (name: string, spec: object, kind: Kind = 'MCPServer', version?: string): Sample =>
	withMetadata(serverManifest(kind, name, spec, version), {});
const withMetadata = (one: Sample, more: object): Sample => ({
	...one,
	metadata: { namespace: NS, ...one.metadata, ...more },
});
const unowned = (one: Sample): Sample => withMetadata(one, { ownerReferences: [] });
const ownedElsewhere = (one: Sample): Sample => {
	const reference = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'other', uid: owner('').uid, controller: true };
	return withMetadata(one, { ownerReferences: [reference] });
};
/** Adds a finalizer, so that the object still exists while it is being deleted. */
const held = (one: Sample): Sample => withMetadata(one, { finalizers: ['example.com/hold'] });
const labelsOf = (kind: Kind): object => proxyDeployment(owner('web', kind)).metadata.labels;
const containers = [{ name: 'main', image: 'example/main:1' }];
const workload = (name: string, labels: object, kind = 'Deployment'): Sample => ({
	...{ apiVersion: 'apps/v1', kind, metadata: { name, namespace: NS, labels } },
	spec: {
		...{ selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
		...(kind === 'StatefulSet' && { serviceName: name }),
	},
});
const pod = (name: string, labels: object): Sample => ({
	...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: NS, labels }, spec: { containers } },
});

describe('manifests: writes that reach the webhooks', function () {
	this.timeout(60_000);
	const { called, goDown, kubectl, plane, reviewsOf } = useRecorder();
	useNamespace(plane, NS);
	before('the API server calls the webhooks', async () => {
		await apply(plane(), [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'toolhive-scaling' } }]);
		await called({ 'servers.validate': server('try', {}), 'configmaps.mutate': runConfig('try') });
	});
	const must = async (args: readonly string[], input?: object): Promise<string> =>
		(await mustSucceed(kubectl(args, input))).stdout;
	const create = (sample: Sample) => must(['create', '-f', '-'], sample);
	const on = (verb: string, resource: string, name: string, args: readonly string[], namespace = NS) =>
		must([verb, '-n', namespace, resource, name, ...args]);
	const annotate = (resource: string, name: string, namespace = NS) =>
		on('annotate', resource, name, [`example.com/at=${process.hrtime.bigint()}`, '--overwrite'], namespace);
	const patch = (resource: string, name: string, what: object, ...more: string[]) =>
		on('patch', resource, name, ['--type=merge', '-p', JSON.stringify(what), ...more]);
	/** Removes the finalizer from an object that is being deleted, and checks that the object is gone. */
	const expectReleased = async (resource: string, name: string): Promise<void> => {
		await patch(resource, name, { metadata: { finalizers: null } });
		expect(await on('get', resource, name, ['--ignore-not-found'])).to.equal('');
	};
	let replicas = 2;
	const scale = (name: string, namespace = NS) => {
		replicas += 1;
		return on('scale', 'deployment', name, [`--replicas=${replicas}`], namespace);
	};

	for (const kind of KIND_LIST) {
		const { plural, app } = KINDS[kind];
		it(`${kind} › created and changed in each version › validated; an update of one with scaling is also mutated`, async () => {
			for (const version of VERSIONS) {
				const name = `scaled-${version}`;
				const path = `${version} ${plural}/${name}`;
				const scaled = server(name, { replicas: 2 }, kind, version);
				expect(await reviewsOf(() => create(scaled))).to.deep.equal([`servers.validate CREATE ${path}`]);
				expect(await reviewsOf(() => annotate(`${plural}.${version}.toolhive.stacklok.dev`, name))).to.deep.equal([
					...[`servers.mutate UPDATE ${path}`, `servers.validate UPDATE ${path}`],
				]);
			}
			await create(server('plain', {}, kind));
			const expected = [`servers.validate UPDATE v1beta1 ${plural}/plain`];
			expect(await reviewsOf(() => annotate(plural, 'plain'))).to.deep.equal(expected);
		});
		it(`Deployment and ConfigMap of a ${kind} › created and changed › mutated; scaled › mutated only if the server may be stdio`, async () => {
			for (const [resource, sample] of [
				['deployment', proxy(`made-${app}`, kind)],
				['configmap', runConfig(app, kind)],
			] as const) {
				const { name } = sample.metadata;
				const expected = (operation: string) => [`${resource}s.mutate ${operation} v1 ${resource}s/${name}`];
				expect(await reviewsOf(() => create(sample))).to.deep.equal(expected('CREATE'));
				expect(await reviewsOf(() => annotate(resource, name))).to.deep.equal(expected('UPDATE'));
			}
			const scaled = kind === 'MCPServer' ? [`scale.mutate UPDATE v1 deployments/scale/made-${app}`] : [];
			expect(await reviewsOf(() => scale(`made-${app}`))).to.deep.equal(scaled);
		});
	}
	it('a write that erases a scaling field › mutated; the next write is not', async () => {
		for (const [field, value] of [
			['replicas', 0],
			['backendReplicas', 0],
			['sessionStorage', { provider: 'memory' }],
		] as const) {
			const name = `erased-${field.toLowerCase()}`;
			await create(server(name, { [field]: value }));
			const erased = await reviewsOf(() => patch('mcpserver', name, { spec: { [field]: null } }));
			expect(erased).to.include(`servers.mutate UPDATE v1beta1 mcpservers/${name}`);
			expect(await reviewsOf(() => annotate('mcpserver', name))).to.have.length(1);
		}
	});
	it('a client claims that a server is being deleted › mutated', async () => {
		await create(server('claims', { replicas: 2 }));
		const claim = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, spec: { replicas: 3 } };
		const args = ['patch', '-n', NS, 'mcpserver', 'claims', '--type=merge', '-p', JSON.stringify(claim)];
		expect(await reviewsOf(() => kubectl(args))).to.include('servers.mutate UPDATE v1beta1 mcpservers/claims');
	});
	it('a Deployment loses its labels › mutated once more, so that no client can bypass the webhook', async () => {
		await create(proxy('unlabelled'));
		expect(await reviewsOf(() => on('label', 'deployment', 'unlabelled', ['toolhive-']))).to.have.length(1);
		expect(await reviewsOf(() => annotate('deployment', 'unlabelled'))).to.deep.equal([]);
	});
	it('a Scale without status › mutated', async () => {
		const path = `/apis/apps/v1/namespaces/${NS}/deployments/made-mcpserver/scale`;
		const { metadata } = JSON.parse(await must(['get', '--raw', path])) as Sample;
		const sent = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata, spec: { replicas: 1 } };
		expect(await reviewsOf(() => must(['replace', '--raw', path, '-f', '-'], sent))).to.have.length(1);
	});
	it('a backend StatefulSet › its template changes › mutated; created, scaled or annotated › not mutated', async () => {
		const setEnv = (name: string) => must(['set', 'env', '-n', NS, `statefulset/${name}`, 'A=1']);
		const backend = workload('backend', { app: 'backend', toolhive: 'true' }, 'StatefulSet');
		expect(await reviewsOf(() => create(backend))).to.deep.equal([]);
		const expected = ['statefulsets.mutate UPDATE v1 statefulsets/backend'];
		expect(await reviewsOf(() => setEnv('backend'))).to.deep.equal(expected);
		expect(await reviewsOf(() => on('scale', 'statefulset', 'backend', ['--replicas=2']))).to.deep.equal([]);
		expect(await reviewsOf(() => annotate('statefulset', 'backend'))).to.deep.equal([]);
		await create(workload('database', { app: 'database' }, 'StatefulSet'));
		expect(await reviewsOf(() => setEnv('database'))).to.deep.equal([]);
	});
	it('a Pod of a proxy, in pod mode › created › mutated; changed › not mutated', async () => {
		const created = await reviewsOf(() => create(pod('proxy', labelsOf('VirtualMCPServer'))));
		expect(created).to.deep.equal(['pods.mutate CREATE v1 pods/proxy']);
		expect(await reviewsOf(() => annotate('pod', 'proxy'))).to.deep.equal([]);
	});

	const component = { 'toolhive.stacklok.io/component': 'tool-config' };
	for (const [title, sample] of [
		['a Deployment of another program', workload('other', { app: 'web' })],
		['a Deployment of another part of ToolHive', workload('other-part', { app: 'operator', toolhive: 'true' })],
		['a Deployment with copied labels and no owner', unowned(proxy('copied'))],
		['a Deployment with another owner', ownedElsewhere(proxy('owned'))],
		['a ConfigMap of another program', unowned(withMetadata(runConfig('other'), { labels: {} }))],
		['another ConfigMap of the operator', withMetadata(runConfig('tools'), { labels: component })],
		['a RunConfig with another owner', ownedElsewhere(runConfig('owned'))],
		['a Pod of a backend', pod('backend', { app: 'web', toolhive: 'true', 'toolhive-name': 'web' })],
		['a Deployment of a proxy in kube-system', withMetadata(proxy('web'), { namespace: 'kube-system' })],
	] as const) {
		it(`${title} › created, changed, scaled and deleted › no webhook call`, async () => {
			const { name, namespace } = sample.metadata;
			const reviews = await reviewsOf(async () => {
				await create(sample);
				await annotate(sample.kind, name, namespace);
				// A Scale contains the selector but no owner, so the webhook configurations cannot exclude it by its owner.
				if (sample.kind === 'Deployment' && !title.includes('owner')) await scale(name, namespace);
				await on('delete', sample.kind, name, ['--grace-period=0', '--force'], namespace);
			});
			expect(reviews).to.deep.equal([]);
		});
	}
	it('only the status is written › no webhook call', async () => {
		const [phase, counted] = [{ phase: 'Pending' }, { replicas: 1, observedGeneration: 1 }];
		const reviews = await reviewsOf(async () => {
			await patch('mcpserver', 'scaled-v1beta1', { status: phase }, '--subresource=status');
			await patch('deployment', 'made-mcpserver', { status: counted }, '--subresource=status');
		});
		expect(reviews).to.deep.equal([]);
	});
	for (const sample of [server('leaving', { replicas: 2 }), proxy('leaving'), runConfig('leaving')]) {
		const { kind, metadata } = sample;
		it(`${kind} › deleted, changed before the deletion completes › no webhook call, and the object is gone`, async () => {
			await create(held(sample));
			const reviews = await reviewsOf(async () => {
				await on('delete', kind, metadata.name, ['--wait=false']);
				await annotate(kind, metadata.name);
				await expectReleased(kind, metadata.name);
			});
			expect(reviews).to.deep.equal([]);
		});
	}

	describe('while the webhook is down', () => {
		before(async () => {
			await create(held(server('down', { replicas: 2 })));
			await create(held(proxy('down')));
			goDown();
		});
		it('clients can scale proxies, and write statuses, unrelated objects and objects in excluded namespaces', async () => {
			await scale('made-mcpserver');
			await patch('mcpserver', 'down', { status: { phase: 'Pending' } }, '--subresource=status');
			await create(workload('others', { app: 'web' }));
			for (const namespace of EXCLUDED) {
				await create(withMetadata(proxy('outage'), { namespace }));
				await on('delete', 'deployment', 'outage', [], namespace);
			}
		});
		for (const sample of [server('new', {}), proxy('new')]) {
			const { kind } = sample;
			it(`${kind} › created or changed › refused; deleted › the object is gone`, async () => {
				for (const { stderr } of [
					await kubectl(['create', '-f', '-'], sample),
					await kubectl(['annotate', '-n', NS, kind, 'down', 'example.com/at=now']),
				])
					expect(stderr).to.include('failed calling webhook');
				await on('delete', kind, 'down', ['--wait=false']);
				await expectReleased(kind, 'down');
			});
		}
	});
});
