import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { Json, Server } from '../../../src/api/types.ts';
import { applyToConfigMap, checksumOf, runConfigSummaryOf } from '../../../src/objects/config-map.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { decide } from '../../../src/policy/decide.ts';
import type { ClusterContext } from '../../../src/policy/finding.ts';
import {
	configMap,
	configText,
	frozen,
	mcpRemoteProxy,
	mcpServer,
	PASSWORD,
	REDIS,
	stdioServer,
	virtualMcpServer,
} from '../../harness/objects.ts';

const CHECKSUM = 'toolhive.stacklok.dev/content-checksum';
const apply = (owner: Json, object: Json, around: ClusterContext = {}) => {
	const server = serverOf(owner) as Server;
	return applyToConfigMap(frozen(object), server, decide(server), around, 'both');
};
const idsOf = ({ findings }: ReturnType<typeof apply>): string[] => findings.map(({ id }) => id);
const annotationsOf = (object: Json): Json => (object['metadata'] as Json)['annotations'] as Json;

describe('RunConfig ConfigMap', () => {
	const full = { ...REDIS, db: 2, keyPrefix: 'thv:' };
	const TABLE = [
		{ it: 'backendReplicas unset: key absent', owner: mcpServer({ replicas: 3 }), adds: {} },
		{ it: 'backendReplicas 3', owner: mcpServer({ backendReplicas: 3 }), adds: { backend_replicas: 3 } },
		{ it: 'backendReplicas 0: written', owner: mcpServer({ backendReplicas: 0 }), adds: { backend_replicas: 0 } },
		{ it: 'stdio is not capped here', owner: stdioServer({ backendReplicas: 3 }), adds: { backend_replicas: 3 } },
		{ it: 'sessionStorage unset: no session_redis', owner: mcpServer(), adds: {} },
		{
			it: 'memory: no session_redis',
			owner: mcpServer({ sessionStorage: { provider: 'memory', address: 'r:1' } }),
			adds: {},
		},
		{
			it: 'redis, 2, thv: and with passwordRef still only those three',
			owner: mcpServer({ sessionStorage: { ...full, passwordRef: PASSWORD } }),
			adds: { session_redis: { address: REDIS.address, db: 2, key_prefix: 'thv:' } },
		},
		{
			it: 'empty address passes through, db 0 appears',
			owner: mcpServer({ sessionStorage: { provider: 'redis', address: '', db: 0 } }),
			adds: { session_redis: { address: '', db: 0 } },
		},
		{
			it: 'an MCPRemoteProxy: Redis, and no backend_replicas',
			owner: mcpRemoteProxy({ backendReplicas: 3, sessionStorage: REDIS }),
			adds: { session_redis: { address: REDIS.address } },
		},
	];
	for (const { it: title, owner, adds } of TABLE) {
		it(`RunConfig: ${title}`, () => {
			const sent = configMap(owner, '{"name":"n"}');
			const { configMap: after } = apply(owner, sent);
			const nothing = Object.keys(adds).length === 0;
			const scaling = nothing ? {} : { scaling_config: adds };
			expect(JSON.parse(configText(after))).to.deep.equal({ name: 'n', ...adds, ...scaling });
			if (nothing) expect(after).to.equal(sent);
			else expect(annotationsOf(after)[CHECKSUM]).to.equal(checksumOf(after));
			expect(apply(owner, after).configMap, 'a second time').to.equal(after);
			expect(JSON.stringify(after)).to.not.match(/redis-auth|password-key/);
		});
	}
	it('other data, labels and annotations stay', () => {
		const owner = mcpServer({ backendReplicas: 3 });
		const sent = configMap(owner, '{"name":"n"}', { annotations: { mine: 'x' } });
		const { configMap: after } = apply(owner, { ...sent, data: { ...(sent['data'] as Json), 'other.txt': 'o' } });
		expect((after['data'] as Json)['other.txt']).to.equal('o');
		expect(annotationsOf(after)).to.deep.equal({ mine: 'x', [CHECKSUM]: checksumOf(after) });
	});

	for (const text of ['3', '[]', '', '{"name":', 'null']) {
		it(`runconfig.json ${JSON.stringify(text)} is left alone, with a warning`, () => {
			const owner = mcpServer({ backendReplicas: 3 });
			const sent = configMap(owner, text);
			const outcome = apply(owner, sent);
			expect(outcome.configMap).to.equal(sent);
			expect(idsOf(outcome)).to.deep.equal(['run-config-unreadable']);
		});
	}
	for (const data of [undefined, null, [], 'x', {}, { 'runconfig.json': 3 }, { 'runconfig.json': null }]) {
		it(`data ${JSON.stringify(data)} is left alone`, () => {
			const owner = mcpServer({ backendReplicas: 3 });
			const sent = { ...configMap(owner, ''), data };
			expect(apply(owner, sent).configMap).to.equal(sent);
		});
	}
	it('data with keys called __proto__ and constructor', () => {
		const owner = mcpServer({ backendReplicas: 3 });
		const data = JSON.parse('{"__proto__":"p","constructor":"c","runconfig.json":"{\\"__proto__\\":{\\"a\\":1}}"}');
		const { configMap: after } = apply(owner, { ...configMap(owner, ''), data });
		const stored = JSON.stringify(after['data']);
		expect(stored).to.include('"__proto__":"p"').and.include('"constructor":"c"');
		expect(configText({ data: { only: (after['data'] as Json)['runconfig.json'] } })).to.equal(
			'{"__proto__":{"a":1},"backend_replicas":3,"scaling_config":{"backend_replicas":3}}',
		);
	});
});

describe('RunConfig ConfigMap of a server that asks for TLS', () => {
	const owner = mcpServer({ sessionStorage: { ...REDIS, tls: { caCertSecretRef: PASSWORD } } });
	const TABLE = [
		{ it: 'an operator that wrote nothing: nothing, and a warning', text: '{"name":"n"}', warns: true },
		{
			it: 'an operator that wrote plaintext: a warning',
			text: '{"scaling_config":{"session_redis":{"address":"r:1"}}}',
			warns: true,
		},
		{
			it: 'an operator that carries it: nothing to say',
			text: '{"scaling_config":{"session_redis":{"address":"r:1","tls":{}}}}',
			warns: false,
		},
	];
	for (const { it: title, text, warns } of TABLE) {
		it(title, () => {
			const sent = configMap(owner, text);
			const outcome = apply(owner, sent);
			expect(outcome.configMap).to.equal(sent);
			expect(idsOf(outcome)).to.deep.equal(warns ? ['redis-tls-unsupported'] : []);
		});
	}
});

describe('vMCP ConfigMap', () => {
	const owner = virtualMcpServer({ sessionStorage: { ...REDIS, keyPrefix: 'hub:', passwordRef: PASSWORD } });
	const around = (image: string): ClusterContext => ({ deployment: { namespace: 'demo', name: 'hub', image } });
	const text = '# ours\nname: hub\n';
	it('gets its section where the image is known to take it', () => {
		const { configMap: after, findings } = apply(owner, configMap(owner, text), around('vmcp:v0.13.1'));
		expect(configText(after)).to.equal(
			`${text}sessionStorage:\n    provider: redis\n    address: ${REDIS.address}\n    keyPrefix: 'hub:'\n`,
		);
		expect(findings).to.deep.equal([]);
		expect(annotationsOf(after)[CHECKSUM]).to.equal(checksumOf(after));
		expect(apply(owner, after, around('vmcp:v0.13.1')).configMap, 'a second time').to.equal(after);
		expect(JSON.stringify(after)).to.not.match(/redis-auth|password-key/);
	});
	for (const image of ['vmcp:v0.13.0', 'vmcp:latest', 'vmcp@sha256:00']) {
		it(`is left alone for ${image}, with a warning`, () => {
			const sent = configMap(owner, text);
			const outcome = apply(owner, sent, around(image));
			expect(outcome.configMap).to.equal(sent);
			expect(idsOf(outcome)).to.deep.equal(['image-too-old']);
		});
	}
	it('is left alone, without a warning, for a server that asks for no Redis', () => {
		const plain = virtualMcpServer({ replicas: 2 });
		const sent = configMap(plain, text);
		expect(apply(plain, sent, around('vmcp:v0.12.0'))).to.deep.equal({ configMap: sent, findings: [] });
	});
	it('is left alone, with a warning, where it is no mapping', () => {
		const sent = configMap(owner, '- a\n- b\n');
		expect(idsOf(apply(owner, sent, around('vmcp:v1.0.0')))).to.deep.equal(['run-config-unreadable']);
	});
});

describe("the operator's checksum (TOOLHIVE.md 2.3)", () => {
	const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
	it('is sha256 over sorted data, labels and annotations, without separators and without itself', () => {
		const object = {
			metadata: { labels: { z: '1', a: '2' }, annotations: { n: '3', [CHECKSUM]: 'old', m: '4' } },
			data: { y: 'Y', b: 'B' },
			binaryData: { no: 'AA==' },
		};
		expect(checksumOf(object)).to.equal(sha('bByYa2z1m4n3'));
	});
	it('of nothing is that of nothing', () => {
		expect(checksumOf({})).to.equal(sha(''));
	});
});

describe('what is remembered of a ConfigMap', () => {
	const tls = '{"scaling_config":{"session_redis":{"tls":{}}}}';
	it('whether the operator carries TLS', () => {
		const of = (text: string) => runConfigSummaryOf(configMap(mcpServer(), text));
		expect(of(tls)).to.deep.include({ namespace: 'demo', name: 'search-runconfig', redisTls: true });
		expect(of('{}')?.redisTls).to.equal(false);
		expect(of('"tls"')?.redisTls).to.equal(false);
	});
	it('also of a vMCP', () => {
		const of = (text: string) => runConfigSummaryOf(configMap(virtualMcpServer(), text));
		expect(of('sessionStorage:\n  tls:\n    insecureSkipVerify: true\n')?.redisTls).to.equal(true);
		expect(of('sessionStorage:\n  provider: redis # no tls\n')?.redisTls).to.equal(false);
	});
	it('nothing of others', () => {
		expect(runConfigSummaryOf(configMap(mcpServer(), tls, { name: 'other' }))).to.equal(undefined);
		expect(runConfigSummaryOf({ metadata: { name: 'search-runconfig' } })).to.equal(undefined);
	});
});
