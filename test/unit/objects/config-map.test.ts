import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { applyToConfigMap, checksumOf, runConfigSummaryOf } from '../../../src/objects/config-map.ts';
import { valueAt } from '../../../src/objects/metadata.ts';
import { decisionFor } from '../../harness/decided.ts';
import {
	configMap,
	frozen,
	mcpServer,
	PASSWORD,
	REDIS,
	virtualMcpServer,
	WITH_PASSWORD,
} from '../../harness/objects.ts';

const CHECKSUM = 'toolhive.stacklok.dev/content-checksum';
const BACKENDS = mcpServer({ backendReplicas: 2 });
const WITH_TLS = mcpServer({ sessionStorage: { ...REDIS, tls: { x: 1 } } });
const VMCP = virtualMcpServer(WITH_PASSWORD);
const HUB = '# top\nname: hub\n';
const TLS_TEXT = '{"scaling_config":{"session_redis":{"address":"r:1","tls":{}}}}';

const apply = (owner: Json, object: Json, image = 'vmcp:v0.13.1') => {
	const context = { deployment: { namespace: 'demo', name: 'hub', image } };
	const { configMap: after, findings } = applyToConfigMap(frozen(object), ...decisionFor(owner), context, 'both');
	return { after, ids: findings.map(({ id }) => id) };
};

const SECTION = `sessionStorage:\n    provider: redis\n    address: ${REDIS.address}\n`;
const FULL = { provider: 'redis', address: 'redis.default.svc:6379', db: 2, keyPrefix: 'thv:', passwordRef: PASSWORD };
const FULL_REDIS = '"session_redis":{"address":"redis.default.svc:6379","db":2,"key_prefix":"thv:"}';
const WRITTEN: [owner: Json, text: string, expected: string][] = [
	[BACKENDS, '{"__proto__":1}', '{"__proto__":1,"backend_replicas":2,"scaling_config":{"backend_replicas":2}}'],
	[mcpServer({ sessionStorage: FULL }), '{}', `{${FULL_REDIS},"scaling_config":{${FULL_REDIS}}}`],
	[VMCP, HUB, HUB + SECTION],
];

type Unchanged = [title: string, owner: Json, text: string, id?: string | undefined, image?: string];
const UNCHANGED: Unchanged[] = [
	['TLS, the RunConfig has none', WITH_TLS, '{"name":"n"}', 'redis-tls-unsupported'],
	['not an object', BACKENDS, '3', 'run-config-unreadable'],
	['the image is too old', VMCP, HUB, 'image-too-old', 'vmcp:v0.13.0'],
	['vMCP without Redis', virtualMcpServer({ replicas: 2 }), HUB, undefined, 'vmcp:v0.12.0'],
];

describe('ConfigMap › text and checksum', () => {
	for (const [owner, text, expected] of WRITTEN) {
		it(`${JSON.stringify(text)} › ${expected}, and nothing else is changed`, () => {
			const sent = configMap(owner, text, { annotations: { mine: 'x' } });
			const data = JSON.parse('{"__proto__":"p","constructor":"c","other.txt":"o"}');
			const { after, ids } = apply(owner, { ...sent, data: { ...(sent['data'] as Json), ...data } });
			const [key = ''] = Object.keys(sent['data'] as Json);
			expect(after['data']).to.deep.equal({ [key]: expected, ...data });
			expect(valueAt(after, ['metadata', 'annotations'])).to.deep.equal({ mine: 'x', [CHECKSUM]: checksumOf(after) });
			expect(ids).to.deep.equal([]);
			expect(apply(owner, after).after, 'a second time').to.equal(after);
			expect(JSON.stringify(after)).to.not.match(/redis-auth|password-key/);
		});
	}
	for (const [title, owner, text, id, image] of UNCHANGED) {
		it(`${title} › unchanged, ${id ?? 'no warning'}`, () => {
			const sent = configMap(owner, text);
			const { after, ids } = apply(owner, sent, image);
			expect(after).to.equal(sent);
			expect(ids).to.deep.equal(id === undefined ? [] : [id]);
		});
	}
	it('data of wrong types › unchanged, no warning', () => {
		for (const data of [undefined, [], {}, { 'runconfig.json': 3 }]) {
			const sent = { ...configMap(BACKENDS, ''), data };
			expect(apply(BACKENDS, sent)).to.deep.equal({ after: sent, ids: [] });
		}
	});

	it("checksum › the operator's (TOOLHIVE.md 2.3): sha256, sorted, without separators and without itself", () => {
		const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
		const metadata = { labels: { z: '1', a: '2' }, annotations: { n: '3', [CHECKSUM]: 'old', m: '4' } };
		const object = { metadata, data: { y: 'Y', b: 'B' }, binaryData: { no: 'AA==' } };
		expect(checksumOf(object)).to.equal(sha('bByYa2z1m4n3'));
		expect(checksumOf({}), 'of an empty object').to.equal(sha(''));
	});
});

describe('ConfigMap › its summary in the cache', () => {
	it('RunConfig or vMCP config › whether it has TLS', () => {
		for (const [object, redisTls] of [
			[configMap(mcpServer(), TLS_TEXT), true],
			[configMap(mcpServer(), '"tls"'), false],
			[configMap(virtualMcpServer(), 'sessionStorage:\n  tls:\n    x: true\n'), true],
		] as const) {
			const { name, namespace } = object['metadata'] as Json;
			expect(runConfigSummaryOf(object)).to.deep.include({ namespace, name, redisTls });
		}
	});
	it('another name, or no owner › none', () => {
		for (const more of [{ name: 'other' }, { ownerReferences: undefined }])
			expect(runConfigSummaryOf(configMap(mcpServer(), TLS_TEXT, more))).to.equal(undefined);
	});
});
