/** That the checker sees what is wrong: one right server, and one thing of each sort spoilt. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { CHECKSUM_ANNOTATION, KINDS, PASSWORD_ENV, TEMPLATE_CHECKSUM_ANNOTATION } from '../../src/api/names.ts';
import type { Json } from '../../src/api/types.ts';
import { checksumOf } from '../../src/objects/config-map.ts';
import { serverOf } from '../../src/objects/server.ts';
import { decide } from '../../src/policy/decide.ts';
import type { Api } from '../../test/harness/api.ts';
import { check } from './checker.ts';
import { createLedger, type Ledger } from './ledger.ts';

const GRACE = 45;
const LIFECYCLE = { preStop: { sleep: { seconds: 5 } } };
const UID = 'uid-of-a';
const REDIS = { address: 'redis:6379', db: 1 };
const SECRET = { name: 'redis', key: 'password' };
const SPEC: Json = {
	transport: 'sse',
	replicas: 2,
	backendReplicas: 1,
	sessionStorage: { provider: 'redis', ...REDIS, keyPrefix: 'p:', passwordRef: SECRET },
};

type World = Partial<Record<'server' | 'vmcp' | 'deployment' | 'configMap', Json>>;

type Path = readonly (string | number)[];

/** A copy that says something else in one place. */
function changedAt(value: unknown, [key, ...rest]: Path, now: unknown): unknown {
	if (key === undefined) return now;
	const inner = (value as Record<string | number, unknown>)[key];
	const changed = changedAt(inner, rest, now);
	return Array.isArray(value) ? value.with(Number(key), changed) : { ...(value as Json), [key]: changed };
}

const signed = (configMap: Json): Json =>
	changedAt(configMap, ['metadata', 'annotations', CHECKSUM_ANNOTATION], checksumOf(configMap)) as Json;

/** Everything as it must be. */
function rightWorld(): Required<Omit<World, 'vmcp'>> {
	const owned = { namespace: 'chaos', ownerReferences: [{ uid: UID }] };
	const metadata = { name: 'a', namespace: 'chaos', uid: UID, generation: 3 };
	const object = { apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPServer', metadata, spec: SPEC };
	const server = serverOf(object);
	if (server === undefined) throw new Error('no server');
	const conditions = decide(server)
		.conditions.filter(({ isOnlyIfPresent }) => isOnlyIfPresent !== true)
		.map((one) => ({ ...one, observedGeneration: 3, lastTransitionTime: '2026-01-01T00:00:00Z' }));
	const fields = { session_redis: { ...REDIS, key_prefix: 'p:' }, backend_replicas: 1 };
	const text = JSON.stringify({ name: 'a', ...fields, scaling_config: fields });
	const configMap = signed({
		metadata: { ...owned, name: 'a-runconfig', labels: { app: 'a' }, annotations: {} },
		data: { [KINDS.MCPServer.configKey]: text },
	});
	const checksum = checksumOf(configMap);
	const env = [{ name: PASSWORD_ENV, valueFrom: { secretKeyRef: SECRET } }];
	const spec = { terminationGracePeriodSeconds: GRACE, containers: [{ env, lifecycle: LIFECYCLE }] };
	const template = { metadata: { annotations: { [TEMPLATE_CHECKSUM_ANNOTATION]: checksum } }, spec };
	const deployment = { metadata: { ...owned, name: 'a' }, spec: { replicas: 2, template } };
	return { server: { ...object, status: { conditions } }, deployment, configMap };
}

const apiWith = (world: World): Pick<Api, 'send'> => ({
	send: async (_method, path) => {
		const kind = {
			deployments: 'deployment',
			configmaps: 'configMap',
			mcpservers: 'server',
			virtualmcpservers: 'vmcp',
		}[path.split('/').at(-1) ?? ''];
		const found = kind === undefined ? undefined : world[kind as keyof World];
		return { status: 200, body: { items: found === undefined ? [] : [found] }, warnings: [] };
	},
});

function written(): Ledger {
	const ledger = createLedger();
	ledger.wrote(ledger.entry('MCPServer', 'a'), SPEC, true);
	return ledger;
}

async function wrongIn(world: World, ledger = written()): Promise<string[]> {
	const { wrong } = await check(apiWith(world) as Api, 'chaos', ledger, GRACE);
	return [...new Set(wrong.map(({ field }) => field))];
}

const POD = ['deployment', 'spec', 'template', 'spec'];
const ENV = [...POD, 'containers', 0, 'env'];
const TEMPLATE = ['deployment', 'spec', 'template', 'metadata', 'annotations', TEMPLATE_CHECKSUM_ANNOTATION];
const CHECKSUM = ['configMap', 'metadata', 'annotations', CHECKSUM_ANNOTATION];
const CONDITIONS = ['server', 'status', 'conditions'];
const TYPE = 'SessionStorageWarning';

/** What is spoilt, with what, and which field tells. */
const SPOILT: Readonly<Record<string, readonly [Path, unknown, string]>> = {
	'a field that an operator erased': [['server', 'spec'], { transport: 'sse' }, 'server'],
	'no condition': [CONDITIONS, [], `conditions of type ${TYPE}`],
	'a condition twice': [CONDITIONS, [{ type: TYPE }, { type: TYPE }], `conditions of type ${TYPE}`],
	'a condition of an older generation': [[...CONDITIONS, 0, 'observedGeneration'], 2, `condition ${TYPE}`],
	'a condition in other words': [[...CONDITIONS, 0, 'message'], 'x', `condition ${TYPE}`],
	'a Deployment of the server before': [
		['deployment', 'metadata', 'ownerReferences'],
		[{ uid: 'before' }],
		'owner of the Deployment',
	],
	'a ConfigMap of nobody': [['configMap', 'metadata', 'ownerReferences'], [], 'owner of the ConfigMap'],
	'another count': [['deployment', 'spec', 'replicas'], 1, 'replicas of the Deployment'],
	'another grace period': [[...POD, 'terminationGracePeriodSeconds'], 30, 'grace period'],
	'no preStop': [[...POD, 'containers', 0, 'lifecycle'], undefined, 'preStop'],
	'no password': [ENV, [], 'password variable'],
	'another password': [[...ENV, 0, 'valueFrom'], { secretKeyRef: { name: 'x', key: 'y' } }, 'password variable'],
	'a checksum of something else': [CHECKSUM, 'x', 'checksum of the ConfigMap'],
	'pods of another configuration': [TEMPLATE, 'x', 'checksum in the pod template'],
};
/** The same in the configuration, whose checksum is right. */
const MISCONFIGURED: Readonly<Record<string, readonly [Path, unknown, string]>> = {
	'another Redis': [['session_redis', 'db'], 7, 'session_redis at top level'],
	'no Redis where others read it': [['scaling_config', 'session_redis'], undefined, 'session_redis at scaling_config'],
	'another count of backends': [['backend_replicas'], 9, 'backend_replicas at top level'],
	'no count of backends': [['scaling_config', 'backend_replicas'], undefined, 'backend_replicas at scaling_config'],
};

describe('chaos: checker', () => {
	it('finds nothing wrong where everything is right', async () => {
		expect(await wrongIn(rightWorld())).to.deep.equal([]);
		const ledger = written();
		ledger.wrote(ledger.entry('MCPServer', 'a'), undefined, true);
		expect(await wrongIn({}, ledger)).to.deep.equal([]);
	});
	for (const [name, [path, now, field]] of Object.entries(SPOILT)) {
		it(`${name}: ${field}`, async () => {
			expect(await wrongIn(changedAt(rightWorld(), path, now) as World)).to.include(field);
		});
	}
	for (const [name, [path, now, field]] of Object.entries(MISCONFIGURED)) {
		it(`${name}: ${field}`, async () => {
			const world = rightWorld();
			const key = ['data', KINDS.MCPServer.configKey];
			const text = (world.configMap['data'] as Record<string, string>)[KINDS.MCPServer.configKey] ?? '';
			const spoilt = JSON.stringify(changedAt(JSON.parse(text), path, now));
			const configMap = signed(changedAt(world.configMap, key, spoilt) as Json);
			const carried = changedAt({ ...world, configMap }, TEMPLATE, checksumOf(configMap)) as World;
			expect(await wrongIn(carried)).to.deep.equal([field]);
		});
	}
	it('another Redis of a VirtualMCPServer: sessionStorage of the configuration', async () => {
		const { server, deployment, configMap } = rightWorld();
		const ledger = createLedger();
		ledger.wrote(ledger.entry('VirtualMCPServer', 'a'), SPEC, true);
		const field = 'sessionStorage of the configuration';
		const wrongWith = (db: number): Promise<string[]> => {
			const text = JSON.stringify({ sessionStorage: { provider: 'redis', ...REDIS, db, keyPrefix: 'p:' } });
			const config = { ...configMap, metadata: { name: 'a-vmcp-config', labels: {} }, data: { 'config.yaml': text } };
			return wrongIn({ vmcp: server, deployment, configMap: config }, ledger);
		};
		expect(await wrongWith(REDIS.db)).to.not.include(field);
		expect(await wrongWith(7)).to.include(field);
	});
	it('a server that is gone, a Deployment that is missing or left behind', async () => {
		const { server, deployment, configMap } = rightWorld();
		expect(await wrongIn({ configMap })).to.deep.equal(['server']);
		expect(await wrongIn({ server, configMap })).to.deep.equal(['owner of the Deployment']);
		expect(await wrongIn({ deployment, configMap })).to.deep.equal(['server', 'Deployment']);
	});
});

describe('chaos: ledger', () => {
	it('a write without an answer may be stored or not, until somebody has looked', async () => {
		const ledger = written();
		const entry = ledger.entry('MCPServer', 'a');
		ledger.wrote(entry, { ...SPEC, replicas: 4 }, false);
		expect(entry.possible).to.have.length(2);
		expect(await wrongIn(rightWorld(), ledger)).to.deep.equal([]);
		ledger.settle(() => ({ spec: SPEC, count: 2, isNoted: true }));
		expect(entry.possible).to.deep.equal([SPEC]);
	});
	it('who scales decides, and what the server asked for is wrong then', async () => {
		const ledger = written();
		ledger.settle(() => ({ spec: SPEC, count: 2, isNoted: true }));
		ledger.scaled(ledger.entry('MCPServer', 'a'), 4, true);
		expect(await wrongIn(rightWorld(), ledger)).to.deep.equal(['replicas of the Deployment']);
		const world = changedAt(rightWorld(), ['deployment', 'spec', 'replicas'], 4) as World;
		expect(await wrongIn(world, ledger)).to.deep.equal([]);
	});
	it('tells the history of what is wrong', async () => {
		const { wrong } = await check(apiWith({}) as Api, 'chaos', written(), GRACE);
		expect(wrong[0]?.history[0]).to.include('"replicas":2');
	});
});
