/**
 * Tests that the checks of `make chaos` notice a wrong object. The tests start with a correct server, and change one
 * field of each kind of object.
 */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { CHECKSUM_ANNOTATION, KINDS, PASSWORD_ENV, TEMPLATE_CHECKSUM_ANNOTATION } from '../../src/api/names.ts';
import type { Json } from '../../src/api/types.ts';
import { checksumOf } from '../../src/objects/config-map.ts';
import { serverOf } from '../../src/objects/server.ts';
import { decide } from '../../src/policy/decide.ts';
import { startServing } from '../../test/harness/serving.ts';
import { check } from './checker.ts';
import { GRACE_PERIOD_SECONDS, NAMESPACE } from './harness.ts';
import { createLedger } from './ledger.ts';
import { mistakeIn } from './replica.ts';

const REDIS = { address: 'redis:6379', db: 1 };
const SECRET = { name: 'redis', key: 'password' };
const sessionStorage = { provider: 'redis', ...REDIS, keyPrefix: 'p:', passwordRef: SECRET };
const SPEC = { transport: 'sse', replicas: 2, backendReplicas: 1, sessionStorage };
type Objects = Partial<Record<'mcpservers' | 'deployments' | 'configmaps', Json>>;
type Path = readonly (string | number)[];

function changedAt(value: unknown, [key, ...rest]: Path, now: unknown): unknown {
	if (key === undefined) return now;
	const changed = changedAt((value as Record<string | number, unknown>)[key], rest, now);
	return Array.isArray(value) ? value.with(Number(key), changed) : { ...(value as Json), [key]: changed };
}

function correctObjects(redis: object = { ...REDIS, key_prefix: 'p:' }, spec: Json = SPEC): Objects {
	const metadata = { name: 'a', namespace: NAMESPACE, uid: 'u', generation: 3 };
	const object = { apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPServer', metadata, spec };
	const required = decide(serverOf(object) as never).conditions.filter(
		({ isOnlyIfPresent }) => isOnlyIfPresent !== true,
	);
	const conditions = required.map((one) => ({ ...one, observedGeneration: 3, lastTransitionTime: '' }));
	const ownerReferences = [{ uid: 'u' }];
	const fields = { session_redis: redis, backend_replicas: 1 };
	const data = { [KINDS.MCPServer.configKey]: JSON.stringify({ ...fields, scaling_config: fields }) };
	const unsigned = { metadata: { name: 'a-runconfig', ownerReferences, labels: { app: 'a' }, annotations: {} }, data };
	const checksum = checksumOf(unsigned);
	const configmaps = changedAt(unsigned, ['metadata', 'annotations', CHECKSUM_ANNOTATION], checksum) as Json;
	const env = [{ name: PASSWORD_ENV, valueFrom: { secretKeyRef: SECRET } }];
	const container = { env, lifecycle: { preStop: { sleep: { seconds: 5 } } } };
	const pod = { terminationGracePeriodSeconds: GRACE_PERIOD_SECONDS, containers: [container] };
	const template = { metadata: { annotations: { [TEMPLATE_CHECKSUM_ANNOTATION]: checksum } }, spec: pod };
	const deployments = { metadata: { name: 'a', ownerReferences }, spec: { replicas: 2, template } };
	return { mcpservers: { ...object, status: { conditions } }, deployments, configmaps };
}

function written(isScaled = false) {
	const ledger = createLedger();
	const entry = ledger.add('MCPServer', 'a', isScaled);
	ledger.wrote(entry, SPEC, true);
	return { ledger, entry };
}

async function wrongIn(objects: Objects, { ledger } = written()): Promise<string[]> {
	const send = async (_method: string, path: string) => {
		const found = objects[path.split('/').at(-1) as keyof Objects];
		return { status: 200, body: { items: found === undefined ? [] : [found] }, warnings: [] };
	};
	const { wrong } = await check({ send }, ledger);
	return [...new Set(wrong.map(({ field }) => field.replace('MCPServer/a: ', '')))];
}

const POD = ['deployments', 'spec', 'template', 'spec'];
const TEMPLATE = ['deployments', 'spec', 'template', 'metadata', 'annotations', TEMPLATE_CHECKSUM_ANNOTATION];
const CONDITION = ['mcpservers', 'status', 'conditions', 0];
const ROWS: readonly (readonly [Path, unknown, string])[] = [
	[['mcpservers', 'spec'], { transport: 'sse' }, 'server'],
	[['mcpservers'], undefined, 'server'],
	[CONDITION.slice(0, -1), [], 'conditions of type SessionStorageWarning'],
	[[...CONDITION, 'observedGeneration'], 2, 'condition SessionStorageWarning'],
	[[...CONDITION, 'message'], 'x', 'condition SessionStorageWarning'],
	[['deployments'], undefined, 'owner of the Deployment'],
	[['deployments', 'metadata', 'ownerReferences'], [{ uid: 'former' }], 'owner of the Deployment'],
	[['configmaps', 'metadata', 'ownerReferences'], [], 'owner of the ConfigMap'],
	[['deployments', 'spec', 'replicas'], 1, 'replicas of the Deployment'],
	[[...POD, 'terminationGracePeriodSeconds'], 30, 'grace period'],
	[[...POD, 'containers', 0, 'lifecycle'], undefined, 'preStop'],
	[[...POD, 'containers', 0, 'env'], [], 'password variable'],
	[['configmaps', 'metadata', 'annotations', CHECKSUM_ANNOTATION], 'x', 'checksum of the ConfigMap'],
	[TEMPLATE, 'x', 'checksum in the pod template'],
	[['configmaps', 'data', KINDS.MCPServer.configKey], '{}', 'session_redis at top level'],
];

describe('chaos checker', () => {
	it('every object is correct › nothing is reported', async () => {
		expect(await wrongIn(correctObjects())).to.deep.equal([]);
	});
	for (const [path, now, field] of ROWS) {
		it(`${path.slice(-3).join('.')} is ${JSON.stringify(now)} › ${field}`, async () => {
			expect(await wrongIn(changedAt(correctObjects(), path, now) as Objects)).to.include(field);
		});
	}
	it('another Redis with a correct checksum › session_redis', async () => {
		const fields = ['session_redis at top level', 'session_redis at scaling_config'];
		expect(await wrongIn(correctObjects({ ...REDIS, db: 7 }))).to.deep.equal(fields);
	});
	it('a write without a response › both specs are accepted until one is read', async () => {
		const { ledger, entry } = written();
		ledger.wrote(entry, { ...SPEC, replicas: 4 }, false);
		expect(await wrongIn(correctObjects(), { ledger, entry })).to.deep.equal([]);
		ledger.settle(() => ({ spec: SPEC, count: 2 }));
		expect(entry.possible).to.deep.equal([SPEC]);
	});
	it('a scaled Deployment › the scale is accepted, and spec.replicas is an error', async () => {
		const { ledger, entry } = written(true);
		ledger.scaled(entry, 4, true);
		expect(await wrongIn(correctObjects(), { ledger, entry })).to.deep.equal(['replicas of the Deployment']);
		const scaled = changedAt(correctObjects(), ['deployments', 'spec', 'replicas'], 4) as Objects;
		expect(await wrongIn(scaled, { ledger, entry })).to.deep.equal([]);
	});
	it('a review that fails with a TypeError › reported with its stack', async () => {
		const mutate = (): never => {
			throw new TypeError('planted');
		};
		const serving = await startServing({ mutate });
		await serving.ask();
		await serving.stop();
		const mistakes = serving.lines.flatMap((line) => mistakeIn(JSON.parse(line)) ?? []);
		expect(mistakes.join()).to.match(/^review failed: TypeError: planted\n.*checker\.test\.ts/s);
	});
});
