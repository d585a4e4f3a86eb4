import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { Json, Server } from '../../../src/api/types.ts';
import { applyToConfigMap, checksumOf, runConfigSummaryOf } from '../../../src/objects/config-map.ts';
import { annotationOf, valueAt } from '../../../src/objects/metadata.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { decide } from '../../../src/policy/decide.ts';
import { configMap, configText, frozen, mcpServer, PASSWORD, REDIS, virtualMcpServer } from '../../harness/objects.ts';

const CHECKSUM = 'toolhive.stacklok.dev/content-checksum';
const TWO_BACKENDS = mcpServer({ backendReplicas: 2 });
const WITH_TLS = mcpServer({ sessionStorage: { ...REDIS, tls: { caCertSecretRef: PASSWORD } } });
const VMCP = virtualMcpServer({ sessionStorage: { ...REDIS, keyPrefix: 'hub:', passwordRef: PASSWORD } });
const VMCP_TEXT = '# ours\nname: hub\n';
const TLS_TEXT = '{"scaling_config":{"session_redis":{"address":"r:1","tls":{}}}}';

const apply = (owner: Json, object: Json, image = 'vmcp:v1.0.0') => {
	const server = serverOf(owner) as Server;
	const clusterContext = { deployment: { namespace: 'demo', name: 'hub', image } };
	const { configMap: after, findings } = applyToConfigMap(
		frozen(object),
		server,
		decide(server),
		clusterContext,
		'both',
	);
	return { after, ids: findings.map(({ id }) => id) };
};

const WRITTEN: [title: string, owner: Json, text: string, expected: string][] = [
	['RunConfig', TWO_BACKENDS, '{}', '{"backend_replicas":2,"scaling_config":{"backend_replicas":2}}'],
	[
		'RunConfig, Redis with a password',
		mcpServer({ sessionStorage: { ...REDIS, passwordRef: PASSWORD } }),
		'{"session_redis":{"address":"redis.db.svc:6379"}}',
		'{"session_redis":{"address":"redis.db.svc:6379"},"scaling_config":{"session_redis":{"address":"redis.db.svc:6379"}}}',
	],
	[
		'vMCP config',
		VMCP,
		VMCP_TEXT,
		`${VMCP_TEXT}sessionStorage:\n    provider: redis\n    address: ${REDIS.address}\n    keyPrefix: 'hub:'\n`,
	],
];

describe('ConfigMap › the scaling fields are written, and the checksum', () => {
	for (const [title, owner, text, expected] of WRITTEN) {
		it(`${title} › nothing else is changed, and the password is not in it`, () => {
			const sent = configMap(owner, text, { annotations: { mine: 'x' } });
			const data = { ...(sent['data'] as Json), 'other.txt': 'o' };
			const { after, ids } = apply(owner, { ...sent, data });
			expect(configText(after)).to.equal(expected);
			expect(valueAt(after, ['data', 'other.txt'])).to.equal('o');
			expect(valueAt(after, ['metadata', 'annotations'])).to.deep.equal({ mine: 'x', [CHECKSUM]: checksumOf(after) });
			expect(ids).to.deep.equal([]);
			expect(apply(owner, after).after, 'a second time').to.equal(after);
			expect(JSON.stringify(after)).to.not.match(/redis-auth|password-key/);
		});
	}
	it('data has keys __proto__ and constructor › they are kept', () => {
		const data = JSON.parse('{"__proto__":"p","constructor":"c","runconfig.json":"{\\"__proto__\\":{\\"a\\":1}}"}');
		const { after } = apply(TWO_BACKENDS, { ...configMap(TWO_BACKENDS, ''), data });
		expect(JSON.stringify(after['data'])).to.include('"__proto__":"p"').and.include('"constructor":"c"');
		expect(valueAt(after, ['data', 'runconfig.json'])).to.equal(
			'{"__proto__":{"a":1},"backend_replicas":2,"scaling_config":{"backend_replicas":2}}',
		);
	});
	it('from the first image that accepts the section › written', () => {
		expect(annotationOf(apply(VMCP, configMap(VMCP, VMCP_TEXT), 'vmcp:v0.13.1').after, CHECKSUM)).to.have.length(64);
	});
});

const UNCHANGED: [title: string, owner: Json, text: string, ids: string[], image?: string][] = [
	['no scaling fields', mcpServer({ replicas: 3 }), '{"name":"n"}', []],
	...['3', '[]', '', '{"name":', 'null'].map((text): (typeof UNCHANGED)[number] => {
		return [`runconfig.json ${JSON.stringify(text)}`, TWO_BACKENDS, text, ['run-config-unreadable']];
	}),
	['TLS, not in the RunConfig', WITH_TLS, '{"name":"n"}', ['redis-tls-unsupported']],
	['TLS, the RunConfig has none', WITH_TLS, TLS_TEXT.replace(',"tls":{}', ''), ['redis-tls-unsupported']],
	['TLS, also in the RunConfig', WITH_TLS, TLS_TEXT, []],
	...['v0.13.0', 'latest'].map((tag): (typeof UNCHANGED)[number] => {
		return [`image vmcp:${tag}`, VMCP, VMCP_TEXT, ['image-too-old'], `vmcp:${tag}`];
	}),
	['image with a digest', VMCP, VMCP_TEXT, ['image-too-old'], 'vmcp@sha256:00'],
	['vMCP without Redis', virtualMcpServer({ replicas: 2 }), VMCP_TEXT, [], 'vmcp:v0.12.0'],
	['config.yaml is a list', VMCP, '- a\n- b\n', ['run-config-unreadable']],
];

describe('ConfigMap › unchanged', () => {
	for (const [title, owner, text, ids, image] of UNCHANGED) {
		it(`${title} › ${ids[0] ?? 'no warning'}`, () => {
			const sent = configMap(owner, text);
			expect(apply(owner, sent, image)).to.deep.equal({ after: sent, ids });
		});
	}
	for (const data of [undefined, null, [], 'x', {}, { 'runconfig.json': 3 }, { 'runconfig.json': null }]) {
		it(`data ${JSON.stringify(data)} › no warning`, () => {
			const sent = { ...configMap(TWO_BACKENDS, ''), data };
			expect(apply(TWO_BACKENDS, sent)).to.deep.equal({ after: sent, ids: [] });
		});
	}
});

describe("ConfigMap › the operator's checksum (TOOLHIVE.md 2.3)", () => {
	const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
	it('sha256 of sorted data, labels and annotations, without separators and without itself', () => {
		const object = {
			metadata: { labels: { z: '1', a: '2' }, annotations: { n: '3', [CHECKSUM]: 'old', m: '4' } },
			data: { y: 'Y', b: 'B' },
			binaryData: { no: 'AA==' },
		};
		expect(checksumOf(object)).to.equal(sha('bByYa2z1m4n3'));
		expect(checksumOf({}), 'of an empty object').to.equal(sha(''));
	});
});

const SUMMARIES: [title: string, object: Json, redisTls: boolean][] = [
	['RunConfig with TLS', configMap(mcpServer(), TLS_TEXT), true],
	['RunConfig without TLS', configMap(mcpServer(), '{}'), false],
	['RunConfig that is a string', configMap(mcpServer(), '"tls"'), false],
	['vMCP config with TLS', configMap(virtualMcpServer(), 'sessionStorage:\n  tls:\n    x: true\n'), true],
	['vMCP config without TLS', configMap(virtualMcpServer(), 'sessionStorage:\n  provider: redis # no tls\n'), false],
];

describe('ConfigMap › its summary in the cache', () => {
	for (const [title, object, redisTls] of SUMMARIES) {
		it(`${title} › redisTls ${redisTls}`, () => {
			const { name, namespace } = object['metadata'] as Json;
			expect(runConfigSummaryOf(object)).to.deep.include({ namespace, name, redisTls });
		});
	}
	it('another name, or no owner › none', () => {
		expect(runConfigSummaryOf(configMap(mcpServer(), TLS_TEXT, { name: 'other' }))).to.equal(undefined);
		expect(runConfigSummaryOf({ metadata: { name: 'search-runconfig' } })).to.equal(undefined);
	});
});
