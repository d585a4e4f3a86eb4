/** Asks a real API server which writes of servers reach the webhook, and what still works while it is down. */
import { expect } from 'chai';
import { KIND_LIST, KINDS, type Kind, VERSIONS } from '../../../src/api/names.ts';
import { useRegistrations } from '../registered.ts';
import { deployment, held, proxyDeployment, server } from '../samples.ts';

const EXCLUDED = ['kube-system', 'toolhive-scaling'];

/** What each kind cannot do without in the generated CRDs and in ToolHive's own. */
const REQUIRED: Readonly<Record<Kind, object>> = {
	MCPServer: { image: 'example/mcp:1' },
	VirtualMCPServer: { incomingAuth: { type: 'anonymous' }, groupRef: { name: 'group' } },
	MCPRemoteProxy: { remoteUrl: 'https://example.com' },
};

describe('manifests: writes of servers that reach the webhook', function () {
	this.timeout(60_000);
	const NS = 'registration-servers';
	const { annotate, askedBy, create, must, release, tryTo } = useRegistrations(NS);
	const patch = (resource: string, name: string, what: object, ...more: string[]): Promise<string> =>
		must(['patch', '-n', NS, resource, name, '--type=merge', '-p', JSON.stringify(what), ...more]);

	for (const kind of KIND_LIST) {
		const { plural } = KINDS[kind];
		for (const version of VERSIONS) {
			it(`${kind} ${version} that uses scaling: created and changed`, async () => {
				const name = `scaled-${version}`;
				const sample = server(NS, name, { ...REQUIRED[kind], replicas: 2 }, kind, version);
				expect(await askedBy(() => create(sample))).to.deep.equal([
					`servers.validate CREATE ${version} ${plural}/${name}`,
				]);
				expect(await askedBy(() => annotate(`${plural}.${version}.toolhive.stacklok.dev`, name))).to.deep.equal([
					`servers.mutate UPDATE ${version} ${plural}/${name}`,
					`servers.validate UPDATE ${version} ${plural}/${name}`,
				]);
			});
		}
		it(`${kind} that does not use scaling: validated only`, async () => {
			await create(server(NS, 'plain', REQUIRED[kind], kind));
			expect(await askedBy(() => annotate(plural, 'plain'))).to.deep.equal([
				`servers.validate UPDATE v1beta1 ${plural}/plain`,
			]);
		});
	}
	for (const [field, value] of Object.entries({
		replicas: 0,
		backendReplicas: 0,
		sessionStorage: { provider: 'memory' },
	})) {
		it(`a write that erases ${field} comes to us, and none after it`, async () => {
			const name = `erased-${field.toLowerCase()}`;
			await create(server(NS, name, { [field]: value }));
			const erase = (): Promise<string> => patch('mcpserver', name, { spec: { [field]: null } });
			expect(await askedBy(erase)).to.include(`servers.mutate UPDATE v1beta1 mcpservers/${name}`);
			expect(await askedBy(() => annotate('mcpserver', name))).to.have.length(1);
		});
	}
	it('not their status', async () => {
		await create(server(NS, 'status', { replicas: 2 }));
		const act = (): Promise<string> =>
			patch('mcpserver', 'status', { status: { phase: 'Pending' } }, '--subresource=status');
		expect(await askedBy(act)).to.deep.equal([]);
	});
	it('not their deletion', async () => {
		await create(server(NS, 'deleted', { replicas: 2 }));
		expect(await askedBy(() => must(['delete', 'mcpserver', 'deleted', '-n', NS]))).to.deep.equal([]);
	});
	it('not those being deleted: edited, and gone when the finalizer goes', async () => {
		await create(held(server(NS, 'leaving', { replicas: 2 })));
		await must(['delete', 'mcpserver', 'leaving', '-n', NS, '--wait=false']);
		expect(await askedBy(() => patch('mcpserver', 'leaving', { spec: { replicas: 3 } }))).to.deep.equal([]);
		expect(await askedBy(() => release('mcpserver', 'leaving'))).to.deep.equal([]);
		expect(await must(['get', 'mcpserver', 'leaving', '-n', NS, '--ignore-not-found'])).to.equal('');
	});
	it('but one that a client only claims is being deleted', async () => {
		await create(server(NS, 'claims', { replicas: 2 }));
		const claim = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, spec: { replicas: 3 } };
		const args = ['patch', '-n', NS, 'mcpserver', 'claims', '--type=merge', '-p', JSON.stringify(claim)];
		expect(await askedBy(() => tryTo(args))).to.include('servers.mutate UPDATE v1beta1 mcpservers/claims');
	});
	for (const namespace of EXCLUDED) {
		it(`not in ${namespace}`, async () => {
			expect(await askedBy(() => create(server(namespace, 'web', { replicas: 2 })))).to.deep.equal([]);
			expect(await askedBy(() => annotate('mcpserver', 'web', namespace))).to.deep.equal([]);
			await must(['delete', 'mcpserver', 'web', '-n', namespace]);
		});
	}
});

describe('manifests: while the webhook is down', function () {
	this.timeout(60_000);
	const NS = 'registration-outage';
	const { annotate, create, goDown, must, release, tryTo } = useRegistrations(NS);
	before(async () => {
		await create(held(server(NS, 'web', { replicas: 2 })));
		await create(proxyDeployment(NS, 'web'));
		await create(held(proxyDeployment(NS, 'leaving')));
		await goDown();
	});

	const refused = async (args: readonly string[], input?: object): Promise<void> => {
		const { code, stderr } = await tryTo(args, input);
		expect(code).not.to.equal(0);
		expect(stderr).to.include('failed calling webhook');
	};
	it('proxies are scaled', () => must(['scale', '-n', NS, 'deployment', 'web', '--replicas=3']));
	it('other people work on', () => create(deployment(NS, 'other', { app: 'web' })));
	it('statuses are written', () =>
		must([
			'patch',
			'-n',
			NS,
			'mcpserver',
			'web',
			'--subresource=status',
			'--type=merge',
			'-p',
			'{"status":{"phase":"Pending"}}',
		]));
	it('our own namespace and kube-system can be worked on', async () => {
		for (const namespace of EXCLUDED) {
			await create(proxyDeployment(namespace, 'outage'));
			await must(['delete', 'deployment', 'outage', '-n', namespace]);
		}
	});
	it('servers are not made or changed', async () => {
		await refused(['create', '-f', '-'], server(NS, 'new'));
		await refused(['annotate', '-n', NS, 'mcpserver', 'web', 'example.com/at=now']);
	});
	it('proxy Deployments are not made or changed', async () => {
		await refused(['create', '-f', '-'], proxyDeployment(NS, 'new'));
		await refused(['annotate', '-n', NS, 'deployment', 'web', 'example.com/at=now']);
	});
	it('what is to be deleted goes', async () => {
		await must(['delete', 'mcpserver', 'web', '-n', NS, '--wait=false']);
		await annotate('mcpserver', 'web');
		await release('mcpserver', 'web');
		await must(['delete', 'deployment', 'leaving', '-n', NS, '--wait=false']);
		await release('deployment', 'leaving');
		expect(await must(['get', 'mcpservers', '-n', NS, '-o', 'name'])).to.equal('');
	});
});
