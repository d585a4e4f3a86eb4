import { expect } from 'chai';
import { warningText } from '../../../src/admission/response.ts';
import type { Request } from '../../../src/admission/review.ts';
import type { Json } from '../../../src/api/types.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { clusterOf } from '../../harness/memory-cluster.ts';
import {
	configMap,
	deployment,
	mcpRemoteProxy,
	mcpServer,
	ownedBy,
	PASSWORD,
	pod,
	REDIS,
	scale,
	stdioServer,
	virtualMcpServer,
} from '../../harness/objects.ts';
import { mutated, patchOf, request, stored, update } from '../../harness/run-handlers.ts';

const redisWithPassword = { sessionStorage: { ...REDIS, passwordRef: PASSWORD } };
const search = mcpServer({ replicas: 3, backendReplicas: 2, ...redisWithPassword });
const files = stdioServer({ replicas: 3 });
const hub = virtualMcpServer({ replicas: 3, ...redisWithPassword });
const crm = mcpRemoteProxy({ replicas: 3, ...redisWithPassword });
const everything = [search, files, hub, crm, deployment(search), deployment(files)];
const owner = ownedBy(search);
const config = '{"name":"n"}';

const OURS: { it: string; asked: Request }[] = [
	{ it: 'the Deployment of an MCPServer', asked: request(deployment(search)) },
	{ it: 'the Deployment of a VirtualMCPServer', asked: request(deployment(hub)) },
	{ it: 'the Deployment of an MCPRemoteProxy', asked: request(deployment(crm)) },
	{ it: 'the RunConfig of an MCPServer', asked: request(configMap(search, config)) },
	{ it: 'the RunConfig of an MCPRemoteProxy', asked: request(configMap(crm, config)) },
	{ it: 'a Scale of a stdio Deployment', asked: update(scale('files', 3), scale('files', 1)) },
	{
		it: 'an owner of v1alpha1',
		asked: request(
			deployment(search, {}, {}, { ownerReferences: [{ ...owner, apiVersion: 'toolhive.stacklok.dev/v1alpha1' }] }),
		),
	},
	{
		it: 'the second of two owners',
		asked: request(deployment(search, {}, {}, { ownerReferences: [{ ...owner, uid: 'one-that-is-gone' }, owner] })),
	},
	{
		it: 'the second of two owners, of another kind',
		asked: request(deployment(search, {}, {}, { ownerReferences: [ownedBy(hub), owner] })),
	},
];

const owned = (ownerReferences: unknown): Json => ({ ownerReferences });
const NOT_OURS: { it: string; asked: Request; settings?: typeof DEFAULT_SETTINGS }[] = [
	{ it: 'no ownerReference', asked: request(deployment(search, {}, {}, owned(undefined))) },
	{ it: 'ownerReferences null', asked: request(deployment(search, {}, {}, owned(null))) },
	{
		it: 'another group',
		asked: request(deployment(search, {}, {}, owned([{ ...owner, apiVersion: 'example.com/v1' }]))),
	},
	{ it: 'another uid', asked: request(deployment(search, {}, {}, owned([{ ...owner, uid: 'other' }]))) },
	{ it: 'another kind', asked: request(deployment(search, {}, {}, owned([{ ...owner, kind: 'MCPGroup' }]))) },
	{ it: 'a server that is not there', asked: request(deployment(mcpServer({}, { name: 'gone', uid: 'gone' }))) },
	{ it: 'another namespace', asked: request(deployment(search), { namespace: 'elsewhere' }) },
	{ it: 'a Deployment of another name', asked: request(deployment(search, {}, {}, { name: 'redis' })) },
	{ it: 'a ConfigMap of another name', asked: request(configMap(search, config, { name: 'search-other' })) },
	{ it: 'a ConfigMap with the name of the server', asked: request(configMap(search, config, { name: 'search' })) },
	{ it: 'another resource', asked: request({ ...deployment(search), kind: 'StatefulSet' }) },
	{ it: 'DELETE', asked: request(deployment(search), { operation: 'DELETE' }) },
	{ it: 'CONNECT', asked: request(deployment(search), { operation: 'CONNECT' }) },
	{
		it: 'the status of a Deployment',
		asked: update(deployment(search), deployment(search), { resource: 'apps/deployments/status' }),
	},
	{
		it: 'an object being deleted',
		asked: request(deployment(search, {}, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' })),
	},
	{ it: 'a Scale of an HTTP Deployment', asked: update(scale('search', 9), scale('search', 1)) },
	{ it: 'a Scale of a Deployment that is not ours', asked: update(scale('web', 9), scale('web', 1)) },
	{
		it: 'a Scale of a StatefulSet',
		asked: update(scale('files', 9), scale('files', 1), { resource: 'apps/statefulsets/scale' }),
	},
	{ it: 'a Pod, not in pod mode', asked: request(pod(search)) },
	{
		it: 'a Pod at UPDATE',
		asked: update(pod(search), pod(search)),
		settings: { ...DEFAULT_SETTINGS, passwordEnv: 'pod' },
	},
	{
		it: 'a Pod of nobody',
		asked: request(pod(search, {}, { labels: {} })),
		settings: { ...DEFAULT_SETTINGS, passwordEnv: 'pod' },
	},
];

describe('mutate', () => {
	for (const { it: title, asked } of OURS) {
		it(`touches ${title}, once`, async () => {
			const cluster = clusterOf(everything);
			const object = await stored(asked, cluster);
			expect(object).to.not.deep.equal(asked.object);
			expect(patchOf(await mutated({ ...asked, object }, cluster))).to.deep.equal([]);
		});
	}
	for (const { it: title, asked, settings } of NOT_OURS) {
		it(`passes ${title}`, async () => {
			const answer = await mutated(asked, clusterOf(everything), settings);
			expect(answer).to.deep.equal({ allowed: true, patch: [], findings: [] });
		});
	}
	it('asks the cluster nothing for an object that has no owner', async () => {
		for (const object of [deployment(search, {}, {}, owned([])), configMap(search, config, owned([])), search]) {
			const cluster = clusterOf(everything);
			await mutated(request(object), cluster);
			expect(cluster.asked).to.deep.equal([]);
		}
	});
	it('finds the Deployment of a Scale by its name', async () => {
		const cluster = clusterOf(everything);
		await mutated(update(scale('files', 9), scale('files', 1)), cluster);
		expect(cluster.asked).to.deep.equal(['Deployment/files', 'MCPServer/files']);
	});
	it('a Pod gets the variable in pod mode, and the Deployment does not', async () => {
		const settings = { ...DEFAULT_SETTINGS, passwordEnv: 'pod' } as const;
		const cluster = clusterOf(everything);
		expect(JSON.stringify(await stored(request(pod(search)), cluster, settings))).to.include(
			'THV_SESSION_REDIS_PASSWORD',
		);
		const object = await stored(request(deployment(search)), cluster, settings);
		expect(JSON.stringify(object)).to.not.include('THV_SESSION_REDIS_PASSWORD');
	});
});

describe('mutate: warnings', () => {
	const warningsOf = async (asked: Request, objects: Json[] = everything): Promise<readonly string[]> =>
		(await mutated(asked, clusterOf(objects))).findings.map(warningText);
	it('a Scale that is capped names the server', async () => {
		const [warning, ...others] = await warningsOf(update(scale('files', 9), scale('files', 1)));
		expect(warning).to.include('MCPServer files').and.include('stdio-replicas-capped');
		expect(others).to.deep.equal([]);
	});
	it('a Deployment UPDATE that is capped says so too', async () => {
		const [warning] = await warningsOf(update(deployment(files, { replicas: 4 }), deployment(files)));
		expect(warning).to.include('MCPServer files').and.include('not 4');
	});
	for (const replicas of [undefined, 0, 1, 5]) {
		it(`an HTTP Deployment UPDATE with replicas ${replicas} says nothing`, async () => {
			const object = deployment(search, { replicas });
			expect(await warningsOf(update(object, object))).to.deep.equal([]);
		});
	}
	it('the annotation silences it', async () => {
		const quiet = stdioServer({}, { annotations: { 'toolhive-scaling/ignore': 'stdio-replicas-capped' } });
		const asked = update(scale('files', 9), scale('files', 1));
		const answer = await mutated(asked, clusterOf([quiet, deployment(quiet)]));
		expect(answer.findings).to.deep.equal([]);
		expect(patchOf(answer)).to.have.length(1);
	});
	it('a vMCP image that would crash on it', async () => {
		const old = deployment(hub, {}, { containers: [{ name: 'vmcp', image: 'vmcp:v0.12.5' }] });
		const answer = await mutated(request(configMap(hub, 'name: hub\n')), clusterOf([hub, old]));
		expect(patchOf(answer)).to.deep.equal([]);
		expect(answer.findings[0]).to.include({ id: 'image-too-old' }).and.property('message').includes('v0.13.1');
	});
});

describe('mutate: an object that claims many owners', () => {
	const owned = deployment(search);
	const [reference] = (owned['metadata'] as { ownerReferences: Json[] }).ownerReferences;
	const claims = Array.from({ length: 20_000 }, (_, index) => ({
		...reference,
		controller: false,
		uid: `uid-${index}`,
	}));
	const claiming = (references: readonly unknown[]): Json => ({
		...owned,
		metadata: { ...(owned['metadata'] as Json), ownerReferences: references },
	});
	it('costs a few look-ups, in memory and on the API server', async () => {
		const cluster = clusterOf([]);
		expect(patchOf(await mutated(request(claiming(claims)), cluster))).to.deep.equal([]);
		expect(cluster.asked).to.have.length(4);
		let asked = 0;
		const slow = {
			...cluster,
			findServer: async () => {
				asked += 1;
				return undefined;
			},
		};
		expect(patchOf(await mutated(request(claiming(claims)), slow))).to.deep.equal([]);
		expect(asked).to.equal(4);
	});
	it('the controller is still found among them', async () => {
		const last = claiming([...claims, reference]);
		expect(patchOf(await mutated(request(last), clusterOf(everything)))).not.to.deep.equal([]);
	});
});
