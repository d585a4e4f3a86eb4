/** What a person changes arrives once, through the operator, and both get quiet again. */
import { expect } from 'chai';
import { eventually } from '../../test/harness/eventually.ts';
import type { Stored } from '../../test/harness/namespace.ts';
import { apply, mustSucceed } from '../../test/harness/product.ts';
import { tally } from './audit.ts';
import { OPERATOR_VERSION } from './build.ts';
import { useStage } from './harness.ts';
import { settled } from './idle.ts';

const NAMESPACE = 'changing';
const SERVERS = [
	{ resource: 'mcpserver', name: 'search', configMap: 'search-runconfig' },
	{ resource: 'virtualmcpserver', name: 'hub', configMap: 'hub-vmcp-config' },
	{ resource: 'mcpremoteproxy', name: 'crm', configMap: 'crm-runconfig' },
] as const;

describe(`changes beside ToolHive ${OPERATOR_VERSION}`, function () {
	this.timeout(600_000);
	const stage = useStage();
	let since = 0;

	before('servers', async function () {
		this.timeout(600_000);
		await stage.startProduct();
		await stage.applyExamples(NAMESPACE);
		await settled(stage, [NAMESPACE]);
	});
	beforeEach(() => {
		since = stage.writeCount();
	});

	const kubectl = (...args: string[]) => mustSucceed(stage.plane().kubectl(['-n', NAMESPACE, ...args]));
	const edit = (resource: string, name: string, spec: object) =>
		kubectl('patch', resource, name, '--type=merge', '-p', JSON.stringify({ spec }));
	const deployment = (name: string): Promise<Stored> => stage.get(NAMESPACE, 'deployment', name);
	const replicasOf = async (name: string): Promise<number> => (await deployment(name))['spec'].replicas;
	/** Nothing of ours was needed, and nobody is still at it. */
	const quietAgain = async (): Promise<void> => {
		await settled(stage, [NAMESPACE]);
		expect(stage.writesOf('product', since)).to.deep.equal([]);
	};

	it('replicas 3 → 5', async () => {
		for (const { resource, name } of SERVERS) await edit(resource, name, { replicas: 5 });
		for (const { name } of SERVERS) await eventually(async () => expect(await replicasOf(name)).to.equal(5));
		await quietAgain();
		for (const { name } of SERVERS) expect(await replicasOf(name)).to.equal(5);
	});

	it('Redis db 2 → 4: rolled by the operator, and by nobody else', async () => {
		const asked = stage.writeCount();
		const before = new Map<string, number>();
		for (const { name } of SERVERS) before.set(name, (await deployment(name)).metadata.generation);
		for (const { resource, name } of SERVERS) await edit(resource, name, { sessionStorage: { db: 4 } });
		for (const { configMap } of SERVERS)
			await eventually(async () => {
				const { data } = await stage.get(NAMESPACE, 'configmap', configMap);
				expect(Object.values(data as Record<string, string>).join()).to.match(/"?db"?: 4\b/);
			});
		await quietAgain();
		for (const { name } of SERVERS) {
			const { metadata, ...rest } = await deployment(name);
			const rollouts = metadata.generation - (before.get(name) ?? 0);
			// On a busy machine its cache lags its own writes, and it comes a second time.
			const written = stage
				.writesOf('operator', asked)
				.filter((write) => write.resource === 'deployments' && write.name === name && write.isChange);
			expect(rollouts, name).to.be.within(1, written.length);
			// The operator sends neither.
			const { terminationGracePeriodSeconds, containers } = rest['spec'].template.spec;
			expect(terminationGracePeriodSeconds).to.equal(45);
			expect(containers[0].lifecycle).to.deep.equal({ preStop: { sleep: { seconds: 5 } } });
		}
	});

	it('kubectl scale where replicas is set: the operator puts it back, and only it', async () => {
		for (const { name } of SERVERS) await kubectl('scale', 'deployment', name, '--replicas=2');
		for (const { name } of SERVERS) await eventually(async () => expect(await replicasOf(name)).to.equal(5));
		await quietAgain();
		for (const { name } of SERVERS) expect(await replicasOf(name)).to.equal(5);
	});

	it('kubectl scale where replicas is unset stays, and a stdio server stays at one', async () => {
		await kubectl('scale', 'deployment', 'plain', '--replicas=4');
		await kubectl('scale', 'deployment', 'files', '--replicas=4');
		await quietAgain();
		expect(await replicasOf('plain')).to.equal(4);
		expect(await replicasOf('files')).to.equal(1);
	});

	it('a server that the operator gives up on gets its condition from us, once', async () => {
		await apply(stage.plane(), [
			{
				apiVersion: 'toolhive.stacklok.dev/v1beta1',
				kind: 'VirtualMCPServer',
				metadata: { name: 'groupless', namespace: NAMESPACE },
				spec: { groupRef: { name: 'nowhere' }, incomingAuth: { type: 'anonymous' }, replicas: 2 },
			},
		]);
		await settled(stage, [NAMESPACE]);
		const writes = stage.writesOf('product', since).filter(({ resource }) => resource !== 'events');
		expect(tally(writes)).to.deep.equal({ 'patch virtualmcpservers/status groupless': 1 });
		const { status } = await stage.get(NAMESPACE, 'virtualmcpserver', 'groupless');
		const ours = (status.conditions as { type: string }[]).filter(({ type }) => type === 'SessionStorageWarning');
		expect(ours).to.have.length(1);
	});

	it('replicas and Redis taken away: the count stays, the rest goes', async () => {
		for (const { resource, name } of SERVERS) await edit(resource, name, { replicas: null, sessionStorage: null });
		for (const { configMap } of SERVERS)
			await eventually(async () => {
				const { data } = await stage.get(NAMESPACE, 'configmap', configMap);
				expect(JSON.stringify(data)).not.to.match(/redis\.mcp/);
			});
		await quietAgain();
		for (const { name } of SERVERS) {
			const { spec } = await deployment(name);
			expect(spec.replicas).to.equal(5);
			expect(JSON.stringify(spec.template)).not.to.contain('THV_SESSION_REDIS_PASSWORD');
		}
	});
});
