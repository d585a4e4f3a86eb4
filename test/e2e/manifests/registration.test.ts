/** Which writes a real API server sends to the webhook: selectors, rules and matchConditions. And what works while it is down. */
import { expect } from 'chai';
import { KIND_LIST, KINDS, VERSIONS } from '../../../src/api/names.ts';
import {
	backend,
	configMap,
	deployment,
	held,
	inNamespace,
	NS,
	ownedElsewhere,
	pod,
	proxyDeployment,
	proxyLabels,
	runConfig,
	type Sample,
	server,
	useRegistrations,
} from './registration.ts';

/** Never called for what is there, whatever a proxy looks like there. */
const EXCLUDED = ['kube-system', 'toolhive-scaling'];
const DELETED = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, spec: { replicas: 3 } };

describe('manifests: writes that reach the webhook', function () {
	this.timeout(60_000);
	const { goDown, must, reviewsOf, tryTo } = useRegistrations();
	const create = (sample: Sample) => must(['create', '-f', '-'], sample);
	const on = (verb: string, resource: string, name: string, args: readonly string[], namespace = NS) =>
		must([verb, '-n', namespace, resource, name, ...args]);
	/** Changes nothing but an annotation. */
	const annotate = (resource: string, name: string, namespace = NS) =>
		on('annotate', resource, name, [`example.com/at=${process.hrtime.bigint()}`, '--overwrite'], namespace);
	const patch = (resource: string, name: string, what: object, ...more: string[]) =>
		on('patch', resource, name, ['--type=merge', '-p', JSON.stringify(what), ...more]);
	const release = (resource: string, name: string) => patch(resource, name, { metadata: { finalizers: null } });
	let replicas = 2;
	const scale = (name: string, namespace = NS) => {
		replicas += 1;
		return on('scale', 'deployment', name, [`--replicas=${replicas}`], namespace);
	};

	for (const kind of KIND_LIST) {
		const { plural, app } = KINDS[kind];
		for (const version of VERSIONS) {
			it(`${kind} ${version} with scaling › created and changed › validated, and mutated when changed`, async () => {
				const name = `scaled-${version}`;
				const scaled = server(name, { replicas: 2 }, kind, version);
				expect(await reviewsOf(() => create(scaled))).to.deep.equal([
					...[`servers.validate CREATE ${version} ${plural}/${name}`],
				]);
				expect(await reviewsOf(() => annotate(`${plural}.${version}.toolhive.stacklok.dev`, name))).to.deep.equal([
					`servers.mutate UPDATE ${version} ${plural}/${name}`,
					`servers.validate UPDATE ${version} ${plural}/${name}`,
				]);
			});
		}
		it(`${kind} without scaling › changed › validated only`, async () => {
			await create(server('plain', {}, kind));
			const expected = [`servers.validate UPDATE v1beta1 ${plural}/plain`];
			expect(await reviewsOf(() => annotate(plural, 'plain'))).to.deep.equal(expected);
		});
		const component = kind === 'VirtualMCPServer' ? 'vmcp-config' : 'run-config';
		for (const [resource, sample] of [
			['deployment', proxyDeployment(`made-${app}`, kind)],
			['configmap', runConfig(app, kind, component)],
		] as const) {
			it(`${resource} of a ${kind} › created and changed › mutated`, async () => {
				const { name } = sample.metadata;
				const expected = (operation: string) => [`${resource}s.mutate ${operation} v1 ${resource}s/${name}`];
				expect(await reviewsOf(() => create(sample))).to.deep.equal(expected('CREATE'));
				expect(await reviewsOf(() => annotate(resource, name))).to.deep.equal(expected('UPDATE'));
			});
		}
		it(`Deployment of a ${kind} › scaled › mutated only if the server may be stdio`, async () => {
			const expected = kind === 'MCPServer' ? [`scale.mutate UPDATE v1 deployments/scale/made-${app}`] : [];
			expect(await reviewsOf(() => scale(`made-${app}`))).to.deep.equal(expected);
		});
	}
	for (const [field, value] of [
		['replicas', 0],
		['backendReplicas', 0],
		['sessionStorage', { provider: 'memory' }],
	] as const) {
		it(`a write that erases ${field} › mutated; the next one is not`, async () => {
			const name = `erased-${field.toLowerCase()}`;
			await create(server(name, { [field]: value }));
			const erased = await reviewsOf(() => patch('mcpserver', name, { spec: { [field]: null } }));
			expect(erased).to.include(`servers.mutate UPDATE v1beta1 mcpservers/${name}`);
			expect(await reviewsOf(() => annotate('mcpserver', name))).to.have.length(1);
		});
	}
	it('a client claims that a server is being deleted › mutated', async () => {
		await create(server('claims', { replicas: 2 }));
		const args = ['patch', '-n', NS, 'mcpserver', 'claims', '--type=merge', '-p', JSON.stringify(DELETED)];
		expect(await reviewsOf(() => tryTo(args))).to.include('servers.mutate UPDATE v1beta1 mcpservers/claims');
	});
	it('a Deployment loses its labels › mutated once more, so that no client can leave out the webhook', async () => {
		await create(proxyDeployment('unlabelled'));
		expect(await reviewsOf(() => on('label', 'deployment', 'unlabelled', ['toolhive-']))).to.have.length(1);
		expect(await reviewsOf(() => annotate('deployment', 'unlabelled'))).to.deep.equal([]);
	});
	it('a Scale without status › mutated', async () => {
		const path = `/apis/apps/v1/namespaces/${NS}/deployments/made-mcpserver/scale`;
		const { metadata } = JSON.parse(await must(['get', '--raw', path])) as Sample;
		const sent = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata, spec: { replicas: 1 } };
		expect(await reviewsOf(() => must(['replace', '--raw', path, '-f', '-'], sent))).to.have.length(1);
	});
	it('a backend StatefulSet › its template changes › mutated; created, scaled or annotated › not', async () => {
		const setEnv = (name: string) => must(['set', 'env', '-n', NS, `statefulset/${name}`, 'A=1']);
		expect(await reviewsOf(() => create(backend('backend')))).to.deep.equal([]);
		expect(await reviewsOf(() => setEnv('backend'))).to.deep.equal([
			...['statefulsets.mutate UPDATE v1 statefulsets/backend'],
		]);
		expect(await reviewsOf(() => on('scale', 'statefulset', 'backend', ['--replicas=2']))).to.deep.equal([]);
		expect(await reviewsOf(() => annotate('statefulset', 'backend'))).to.deep.equal([]);
		await create(backend('database', { app: 'database' }));
		expect(await reviewsOf(() => setEnv('database'))).to.deep.equal([]);
	});
	it('a Pod of a proxy, in pod mode › created › mutated; changed › not', async () => {
		const created = await reviewsOf(() => create(pod('proxy', proxyLabels('VirtualMCPServer', 'web'))));
		expect(created).to.deep.equal(['pods.mutate CREATE v1 pods/proxy']);
		expect(await reviewsOf(() => annotate('pod', 'proxy'))).to.deep.equal([]);
	});

	const app = { app: 'mcpserver' };
	for (const [title, sample] of [
		['a Deployment of others', deployment('other', { app: 'web' })],
		['a Deployment that others call mcpserver', deployment('other-app', app)],
		['a Deployment of another part of ToolHive', deployment('other-part', { app: 'operator', toolhive: 'true' })],
		['a Deployment with copied labels and no owner', deployment('copied', proxyLabels('MCPServer', 'copied'))],
		['a Deployment with another owner', ownedElsewhere(deployment('owned', proxyLabels('MCPServer', 'owned')))],
		['a ConfigMap of others', configMap('other')],
		['another ConfigMap of the operator', runConfig('tools', 'MCPServer', 'tool-config')],
		['a RunConfig with another owner', ownedElsewhere(runConfig('owned'))],
		['a RunConfig without an owner', configMap('copied', runConfig('copied').metadata.labels)],
		['a Pod of a backend', pod('backend', { app: 'web', toolhive: 'true', 'toolhive-name': 'web' })],
		['a Pod of others', pod('other', app)],
		...EXCLUDED.flatMap((namespace) =>
			[
				...[server('web', { replicas: 2 }), proxyDeployment('web'), runConfig('web')],
				pod('proxy', proxyLabels('MCPServer', 'web')),
			].map((one) => [`${one.kind} in ${namespace}`, inNamespace(one, namespace)] as const),
		),
	] as const) {
		it(`${title} › created, changed, scaled and deleted › no call`, async () => {
			const { name, namespace } = sample.metadata;
			const reviews = await reviewsOf(async () => {
				await create(sample);
				await annotate(sample.kind, name, namespace);
				// A Scale has the selector and no owner.
				if (sample.kind === 'Deployment' && !title.includes('owner')) await scale(name, namespace);
				await must(['delete', sample.kind, name, '-n', namespace, '--grace-period=0', '--force']);
			});
			expect(reviews).to.deep.equal([]);
		});
	}
	for (const [resource, status] of [
		['mcpserver', { phase: 'Pending' }],
		['deployment', { replicas: 1, observedGeneration: 1 }],
	] as const) {
		it(`${resource} › only its status is written › no call`, async () => {
			const name = resource === 'mcpserver' ? 'scaled-v1beta1' : 'made-mcpserver';
			expect(await reviewsOf(() => patch(resource, name, { status }, '--subresource=status'))).to.deep.equal([]);
		});
	}
	for (const [resource, sample] of [
		['mcpserver', held(server('leaving', { replicas: 2 }))],
		['deployment', held(proxyDeployment('leaving'))],
		['configmap', held(runConfig('leaving'))],
	] as const) {
		it(`${resource} › deleted, changed meanwhile, and released › no call, and it is gone`, async () => {
			await create(sample);
			const { name } = sample.metadata;
			const reviews = await reviewsOf(async () => {
				await on('delete', resource, name, ['--wait=false']);
				await annotate(resource, name);
				await release(resource, name);
			});
			expect(reviews).to.deep.equal([]);
			expect(await on('get', resource, name, ['--ignore-not-found'])).to.equal('');
		});
	}

	describe('while the webhook is down', () => {
		before(async () => {
			await create(held(server('down', { replicas: 2 })));
			await create(held(proxyDeployment('down')));
			goDown();
		});
		it('proxies are scaled, statuses and objects of others written, and excluded namespaces work', async () => {
			await scale('made-mcpserver');
			await patch('mcpserver', 'down', { status: { phase: 'Pending' } }, '--subresource=status');
			await create(deployment('others', { app: 'web' }));
			for (const namespace of EXCLUDED) {
				await create(inNamespace(proxyDeployment('outage'), namespace));
				await must(['delete', 'deployment', 'outage', '-n', namespace]);
			}
		});
		for (const [resource, sample] of [
			['mcpserver', server('new', {})],
			['deployment', proxyDeployment('new')],
		] as const) {
			it(`${resource} › created or changed › refused`, async () => {
				for (const [args, input] of [
					[['create', '-f', '-'], sample],
					[['annotate', '-n', NS, resource, 'down', 'example.com/at=now'], undefined],
				] as const) {
					const { code, stderr } = await tryTo(args, input);
					expect(code).not.to.equal(0);
					expect(stderr).to.include('failed calling webhook');
				}
			});
			it(`${resource} › deleted › it is gone`, async () => {
				await on('delete', resource, 'down', ['--wait=false']);
				await release(resource, 'down');
				expect(await on('get', resource, 'down', ['--ignore-not-found'])).to.equal('');
			});
		}
	});
});
