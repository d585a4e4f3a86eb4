/** Every warning for a server: when it is reported, and when it is not. Golden cases show the warnings of other objects. */
import { expect } from 'chai';
import { warningText } from '../../../src/admission/response.ts';
import type { Kind } from '../../../src/api/names.ts';
import type { Autoscaler, ServerSpec, SessionStorage } from '../../../src/api/types.ts';
import type { ClusterContext, Finding } from '../../../src/policy/finding.ts';
import { configFindings, scaleFindings, serverFindings, WARNING_IDS } from '../../../src/policy/rules.ts';
import { hpa, hpaOf, image, memory, passwordRef, redis, server } from '../../harness/servers.ts';

type Fields = Partial<ServerSpec> & { readonly kind?: Kind; readonly before?: Partial<ServerSpec> };
const WARNS = true;
const SILENT = false;
/** `message` is a part of it. */
type Row = readonly [warns: boolean, title: string, fields: Fields, cluster?: ClusterContext, message?: string];

const vmcp = { kind: 'VirtualMCPServer' } as const;
const proxy = { kind: 'MCPRemoteProxy' } as const;
const tls: SessionStorage = { ...redis, tls: true };
const withRunConfig = (redisTls: boolean): ClusterContext => ({ runConfig: { redisTls } });
const scaledObject = hpaOf({ kind: 'ScaledObject' });
const ofBackend = hpaOf({ targetKind: 'StatefulSet' });
const { maxReplicas: _, ...withoutMaximum } = hpa.autoscalers?.[0] as Autoscaler;
const prefixed = { sessionStorage: { ...redis, keyPrefix: 'team:' } };
const hub = { ...vmcp, namespace: 'demo', name: 'hub' } as const;
const annotated = { podAnnotations: true, sessionStorage: redis } as const;
const stored = { sessionStorage: redis };
const noAffinity = { sessionAffinity: 'None' };

const WARNINGS: Readonly<Record<`${string} › ${string}`, readonly Row[]>> = {
	'stdio-replicas-capped › spec.replicas': [
		[WARNS, 'stdio, 2', { stdio: true, replicas: 2 }, {}, 'not 2'],
		[WARNS, 'stdio, the largest int32', { stdio: true, replicas: 2 ** 31 - 1 }],
		[SILENT, 'stdio, 1', { stdio: true, replicas: 1 }],
		[SILENT, 'stdio, 0', { stdio: true, replicas: 0 }],
		[SILENT, 'stdio, unset', { stdio: true }],
		[SILENT, 'HTTP, 3', { replicas: 3 }],
	],
	'session-storage-missing › spec.sessionStorage': [
		[WARNS, '2 without sessionStorage', { replicas: 2 }],
		[WARNS, '2 with memory', { replicas: 2, sessionStorage: memory }],
		[WARNS, 'stdio, 2: before the cap', { stdio: true, replicas: 2 }],
		[WARNS, 'a VirtualMCPServer', { ...vmcp, replicas: 2 }],
		[WARNS, 'an MCPRemoteProxy', { ...proxy, replicas: 2 }],
		[WARNS, 'an HPA up to 6', {}, hpa, '6 replicas by HorizontalPodAutoscaler search-hpa'],
		[WARNS, '1 and an HPA', { replicas: 1 }, hpa, 'HorizontalPodAutoscaler'],
		[WARNS, '2 and an HPA: the replicas that are set', { replicas: 2 }, hpa, 'replicas > 1'],
		[WARNS, 'a ScaledObject', {}, scaledObject, 'ScaledObject search-hpa'],
		[WARNS, 'an HPA of a VirtualMCPServer', vmcp, hpa],
		[SILENT, '2 with redis', { replicas: 2, sessionStorage: redis }],
		[SILENT, '1', { replicas: 1 }],
		[SILENT, '0', { replicas: 0 }],
		[SILENT, '2 backends', { backendReplicas: 2 }],
		[SILENT, 'an HPA and redis', stored, hpa],
		[SILENT, 'an HPA up to 1', {}, hpaOf({ maxReplicas: 1 })],
		[SILENT, 'an HPA without a maximum', {}, { autoscalers: [withoutMaximum] }],
		[SILENT, 'an HPA of the StatefulSet', {}, ofBackend],
		[SILENT, 'an HPA of a stdio server, which is capped at 1', { stdio: true }, hpa],
	],
	'backend-session-storage-missing › spec.sessionStorage': [
		[WARNS, '2 backends without sessionStorage', { backendReplicas: 2 }],
		[WARNS, '2 backends with memory', { backendReplicas: 2, sessionStorage: memory }],
		[SILENT, '2 backends with redis', { backendReplicas: 2, sessionStorage: redis }],
		[SILENT, '1 backend', { backendReplicas: 1 }],
		[SILENT, '0 backends', { backendReplicas: 0 }],
		[SILENT, 'unset', { replicas: 3 }],
	],
	'stdio-backend-replicas › spec.backendReplicas': [
		[WARNS, 'stdio, 2 backends', { stdio: true, backendReplicas: 2 }],
		[SILENT, 'stdio, 1 backend', { stdio: true, backendReplicas: 1 }],
		[SILENT, 'stdio, 0 backends', { stdio: true, backendReplicas: 0 }],
		[SILENT, 'stdio, unset', { stdio: true, replicas: 3 }],
		[SILENT, 'HTTP, 2 backends', { backendReplicas: 2 }],
	],
	'backend-replicas-lowered › spec.backendReplicas': [
		[WARNS, '3 to 2', { before: { backendReplicas: 3 }, backendReplicas: 2 }, {}, '3 to 2'],
		[WARNS, '1 to 0', { before: { backendReplicas: 1 }, backendReplicas: 0 }, {}, '1 to 0'],
		[SILENT, 'CREATE', { backendReplicas: 1 }],
		[SILENT, '2 to 3', { before: { backendReplicas: 2 }, backendReplicas: 3 }],
		[SILENT, '2 to 2', { before: { backendReplicas: 2 }, backendReplicas: 2 }],
		[SILENT, '2 to unset: the live count stays', { before: { backendReplicas: 2 } }],
		[SILENT, 'unset to 1', { before: {}, backendReplicas: 1 }],
	],
	'backend-still-running › spec.backendReplicas': [
		[WARNS, '0, backendReplicas unset', { replicas: 0 }],
		[WARNS, '0, backendReplicas 1', { replicas: 0, backendReplicas: 1 }],
		[WARNS, 'stdio, 0', { stdio: true, replicas: 0 }],
		[SILENT, 'both 0', { replicas: 0, backendReplicas: 0 }],
		[SILENT, '1', { replicas: 1 }],
		[SILENT, 'a VirtualMCPServer, which has no backend', { ...vmcp, replicas: 0 }],
		[SILENT, 'an MCPRemoteProxy, which has no backend', { ...proxy, replicas: 0 }],
	],
	'session-affinity-none-without-redis › spec.sessionAffinity': [
		[WARNS, '2 without sessionStorage', { ...noAffinity, replicas: 2 }],
		[WARNS, '2 with memory', { ...noAffinity, replicas: 2, sessionStorage: memory }],
		[WARNS, 'an HPA', noAffinity, hpa, 'HorizontalPodAutoscaler search-hpa'],
		[WARNS, 'a ScaledObject', noAffinity, scaledObject, 'ScaledObject search-hpa'],
		[SILENT, '2 with redis', { ...noAffinity, ...stored, replicas: 2 }],
		[SILENT, 'ClientIP', { sessionAffinity: 'ClientIP', replicas: 2 }],
		[SILENT, 'unset, which is ClientIP', { replicas: 2 }],
		[SILENT, '1', { ...noAffinity, replicas: 1 }],
		[SILENT, 'replicas unset', noAffinity],
		[SILENT, 'ClientIP and an HPA', { sessionAffinity: 'ClientIP' }, hpa],
		[SILENT, 'an HPA up to 1', noAffinity, hpaOf({ maxReplicas: 1 })],
		[SILENT, 'an HPA and redis', { ...noAffinity, ...stored }, hpa],
		[SILENT, 'an HPA of a stdio server, which is capped at 1', { ...noAffinity, stdio: true }, hpa],
	],
	'password-without-redis › spec.sessionStorage.passwordRef': [
		[WARNS, 'memory with passwordRef', { sessionStorage: { ...memory, passwordRef } }],
		[SILENT, 'redis with passwordRef', { sessionStorage: { ...redis, passwordRef } }],
		[SILENT, 'memory without passwordRef', { sessionStorage: memory }],
	],
	'redis-without-password › spec.sessionStorage': [
		[WARNS, 'redis without passwordRef', stored],
		[WARNS, 'a VirtualMCPServer', { ...vmcp, ...stored }],
		[SILENT, 'redis with passwordRef', { sessionStorage: { ...redis, passwordRef } }],
		[SILENT, 'memory', { sessionStorage: memory }],
	],
	'shared-key-space › spec.sessionStorage.keyPrefix': [
		[WARNS, 'another server', prefixed, { sharesKeySpaceWith: [hub] }, 'VirtualMCPServer hub'],
		[SILENT, 'no other server', prefixed, { sharesKeySpaceWith: [] }],
		[SILENT, 'other servers are unknown', prefixed],
	],
	'autoscaled-and-pinned › spec.replicas': [
		[WARNS, '3 and an HPA', { replicas: 3 }, hpa, 'HorizontalPodAutoscaler search-hpa'],
		[WARNS, '0 and an HPA', { replicas: 0 }, hpa],
		[WARNS, '3 and a ScaledObject', { replicas: 3 }, scaledObject, 'ScaledObject search-hpa'],
		[SILENT, 'unset and an HPA', {}, hpa],
		[SILENT, '3', { replicas: 3 }],
		[SILENT, '3 and an HPA of the StatefulSet', { replicas: 3 }, ofBackend],
	],
	'stdio-autoscaled › spec.transport': [
		[WARNS, 'stdio and an HPA', { stdio: true }, hpa, 'search-hpa'],
		[WARNS, 'stdio, 1 and an HPA', { stdio: true, replicas: 1 }, hpa],
		[SILENT, 'HTTP and an HPA', {}, hpa],
		[SILENT, 'stdio', { stdio: true }],
	],
	'backend-autoscaled-and-pinned › spec.backendReplicas': [
		[WARNS, '2 backends and an HPA of the StatefulSet', { backendReplicas: 2 }, ofBackend, 'search-hpa'],
		[WARNS, '0 backends and an HPA of the StatefulSet', { backendReplicas: 0 }, ofBackend],
		[SILENT, 'unset and an HPA of the StatefulSet', {}, ofBackend],
		[SILENT, '2 backends and an HPA of the Deployment', { backendReplicas: 2 }, hpa],
		[SILENT, '2 backends', { backendReplicas: 2 }],
	],
	'autoscaler-target-invalid › metadata.name': [
		[WARNS, 'an HPA of the MCPServer', {}, hpaOf({ targetKind: 'MCPServer' }), 'search-hpa'],
		[WARNS, 'an HPA of the VirtualMCPServer', vmcp, hpaOf({ targetKind: vmcp.kind })],
		[
			WARNS,
			'a ScaledObject of the MCPRemoteProxy',
			proxy,
			hpaOf({ kind: 'ScaledObject', targetKind: 'MCPRemoteProxy' }),
		],
		[SILENT, 'an HPA of the Deployment', {}, hpa],
		[SILENT, 'an HPA of a server of another kind', {}, hpaOf({ targetKind: vmcp.kind })],
	],
	'backend-sessions-not-pinned › spec.backendReplicas': [
		[WARNS, '2 backends with redis', { backendReplicas: 2, sessionStorage: redis }, {}, 'reaches another backend'],
		[WARNS, '2 backends without sessionStorage', { backendReplicas: 2 }],
		[WARNS, '2 backends of one proxy', { replicas: 1, backendReplicas: 2 }],
		[WARNS, 'the newest runner', { backendReplicas: 2 }, image(':v0.63.0')],
		[SILENT, '1 backend', { replicas: 3, backendReplicas: 1 }],
		[SILENT, '0 backends', { backendReplicas: 0 }],
		[SILENT, 'unset', { replicas: 3 }],
		[SILENT, 'stdio: the proxy attaches to one backend', { stdio: true, backendReplicas: 2 }],
	],
	'config-session-storage-ignored › spec.config.sessionStorage': [
		[WARNS, 'only in config', { ...vmcp, configSessionStorage: true, replicas: 2 }],
		[
			SILENT,
			'also in spec, from which the operator overwrites config',
			{ ...vmcp, configSessionStorage: true, ...stored },
		],
		[SILENT, 'neither', vmcp],
	],
	'redis-tls-unsupported › spec.sessionStorage.tls': [
		[WARNS, 'the RunConfig has no TLS', { sessionStorage: tls }, withRunConfig(false)],
		[WARNS, 'a VirtualMCPServer', { ...vmcp, sessionStorage: tls }, withRunConfig(false)],
		[SILENT, 'the RunConfig has TLS', { sessionStorage: tls }, withRunConfig(true)],
		[SILENT, 'no RunConfig yet', { sessionStorage: tls }],
		[SILENT, 'redis without tls', stored, withRunConfig(false)],
		[SILENT, 'memory', { sessionStorage: { ...memory, tls: true } }, withRunConfig(false)],
		[SILENT, 'sessionStorage unset', {}, withRunConfig(false)],
	],
	'image-too-old › spec.sessionStorage': [
		[WARNS, 'runner v0.15.9', stored, image(':v0.15.9'), 'v0.16.0 or newer, not v0.15.9'],
		[WARNS, 'a release candidate of v0.16.0', stored, image(':v0.16.0-rc.1'), 'v0.16.0-rc.1'],
		[WARNS, 'a tag without v', stored, image(':0.12.5'), 'not 0.12.5'],
		[WARNS, 'a tag and a digest', stored, image(':v0.12.5@sha256:0a'), 'v0.12.5'],
		[WARNS, 'an MCPRemoteProxy', { ...proxy, ...stored }, image(':v0.15.0'), 'v0.16.0'],
		[WARNS, 'a VirtualMCPServer', { ...vmcp, ...stored }, image(':v0.15.0'), 'v0.16.0'],
		[WARNS, 'the image of podTemplateSpec', { ...vmcp, ...stored, image: 'vmcp:v0.15.0' }],
		[SILENT, 'runner v0.16.0', stored, image(':v0.16.0')],
		[SILENT, 'runner v1.0.0', stored, image(':v1.0.0')],
		[SILENT, 'vMCP v0.16.0', { ...vmcp, ...stored }, image(':v0.16.0')],
		[SILENT, 'tag latest', stored, image(':latest')],
		[SILENT, 'a digest alone', stored, image('@sha256:0a')],
		[SILENT, 'no tag', stored, image('')],
		[SILENT, 'no Deployment yet', stored],
		[SILENT, 'memory', { sessionStorage: memory }, image(':v0.1.0')],
		[SILENT, 'neither redis nor backendReplicas', { replicas: 3 }, image(':v0.1.0')],
	],
	'image-too-old › spec.backendReplicas': [
		[WARNS, '1 backend, runner v0.12.4', { backendReplicas: 1 }, image(':v0.12.4'), 'v0.12.5 or newer'],
		[WARNS, '0 backends, runner v0.12.4', { backendReplicas: 0 }, image(':v0.12.4')],
		[SILENT, '1 backend, runner v0.12.5', { backendReplicas: 1 }, image(':v0.12.5')],
		[SILENT, '2 backends, runner v0.12.5', { backendReplicas: 2 }, image(':v0.12.5')],
	],
	'run-config-restart-missing › spec.resourceOverrides.proxyDeployment': [
		[WARNS, 'redis, v0.12.5', annotated, image(':v0.12.5')],
		[WARNS, 'redis, v0.15.9', annotated, image(':v0.15.9')],
		[WARNS, 'backendReplicas, v0.15.0', { podAnnotations: true, backendReplicas: 0 }, image(':v0.15.0')],
		[SILENT, 'v0.16.0', annotated, image(':v0.16.0')],
		[SILENT, 'tag latest', annotated, image(':latest')],
		[SILENT, 'no Deployment yet', annotated],
		[SILENT, 'no annotations', stored, image(':v0.12.5')],
		[SILENT, 'neither redis nor backendReplicas', { podAnnotations: true, sessionStorage: memory }, image(':v0.12.5')],
	],
};

function find(id: string, [, , fields, clusterContext = {}]: Row, ignore: string[] = []): Finding | undefined {
	const { kind, before, ...spec } = fields;
	const subject = { server: server(spec, kind, ignore), before: before && server(before, kind), clusterContext };
	return serverFindings(subject).find((finding) => finding.id === id);
}

for (const [subject, rows] of Object.entries(WARNINGS)) {
	const [id = '', field = ''] = subject.split(' › ');
	describe(subject, () => {
		for (const row of rows) {
			const [warns, title, , , message = ''] = row;
			it(`${title} › ${warns ? 'a warning that fits its line' : 'no warning'}`, () => {
				const found = find(id, row);
				if (!warns) {
					expect(found).to.equal(undefined);
					return;
				}
				expect(found).to.include({ id, field });
				expect(found?.message).to.include(message);
				expect(warningText(found as Finding)).to.not.include('...');
			});
		}
		it('its id is ignored › no warning', () => {
			const [row] = rows;
			if (row === undefined) throw new Error('a warning needs rows');
			expect(find(id, row, [id])).to.equal(undefined);
			expect(find(id, row, ['some-other-id'])).to.not.equal(undefined);
		});
	});
}

const idsOf = (ignore: string[], spec: Partial<ServerSpec> = { stdio: true, replicas: 2 }): string[] =>
	serverFindings({ server: server(spec, 'MCPServer', ignore), clusterContext: {} }).map(({ id }) => id);

describe('annotation toolhive-scaling/ignore', () => {
	const both = ['stdio-replicas-capped', 'session-storage-missing'];
	for (const [title, ignore, ids] of [
		['nothing › all warnings', [], both],
		['one id › the other warning', ['session-storage-missing'], ['stdio-replicas-capped']],
		['both ids › no warning', both, []],
		['the id of another warning › all warnings', ['shared-key-space'], both],
		['an unknown id › a warning', ['session-storage-mising'], [...both, 'ignore-unknown-id']],
		['a former warning that is a denial now › unknown', ['key-prefix-separator'], [...both, 'ignore-unknown-id']],
		['a member of every object › unknown', ['constructor', ...both], ['ignore-unknown-id']],
		['the id of a ConfigMap warning › known', ['run-config-unreadable', ...both], []],
		['an unknown id, and the id of its warning › no warning', ['typo', 'ignore-unknown-id', ...both], []],
		[
			'10,000 unknown ids › one warning',
			Array.from({ length: 10_000 }, (_, index) => `id-${index}`),
			[...both, 'ignore-unknown-id'],
		],
	] as const) {
		it(title, () => expect(idsOf([...ignore])).to.deep.equal(ids));
	}
	it('an unknown id › the warning contains it', () => {
		const [found] = serverFindings({ server: server({}, 'MCPServer', ['tpyo']), clusterContext: {} });
		expect(found?.message).to.include('tpyo');
		expect(found?.field).to.include('toolhive-scaling/ignore');
	});
	it('a write of the ConfigMap › its warning is ignored too', () => {
		const facts = { clusterContext: {}, isReadable: false, hasTls: false, isRefusedByImage: false };
		const written = (ignore: string[]) =>
			configFindings({ server: server({}, 'MCPServer', ignore), ...facts }).map(({ id }) => id);
		expect(written([])).to.deep.equal(['run-config-unreadable']);
		expect(written(['run-config-unreadable'])).to.deep.equal([]);
	});
	it('a write of the Scale › its warning is ignored too', () => {
		const scaled = (ignore: string[]) => scaleFindings(server({ stdio: true }, 'MCPServer', ignore), 3).length;
		expect(scaled([])).to.equal(1);
		expect(scaled(['stdio-replicas-capped'])).to.equal(0);
	});
});

describe('warnings (SPEC.md 4)', () => {
	it('ids › these 21 in this order', () => {
		const ids = `stdio-replicas-capped session-storage-missing backend-session-storage-missing stdio-backend-replicas
			backend-replicas-lowered backend-still-running session-affinity-none-without-redis password-without-redis
			redis-without-password shared-key-space autoscaled-and-pinned stdio-autoscaled backend-autoscaled-and-pinned
			autoscaler-target-invalid backend-sessions-not-pinned config-session-storage-ignored redis-tls-unsupported
			image-too-old run-config-restart-missing run-config-unreadable ignore-unknown-id`;
		expect(WARNING_IDS).to.deep.equal(ids.split(/\s+/));
	});
	for (const kind of ['MCPServer', 'VirtualMCPServer', 'MCPRemoteProxy'] as const) {
		it(`${kind} › no scaling field is set › no warning`, () => {
			expect(serverFindings({ server: server({}, kind), clusterContext: {} })).to.deep.equal([]);
		});
	}
	it('every scaling field is set as it should be › no warning', () => {
		const spec = { replicas: 3, backendReplicas: 1, sessionStorage: { ...redis, keyPrefix: 'a:', passwordRef } };
		const subject = { server: server(spec), before: server(spec), clusterContext: { sharesKeySpaceWith: [] } };
		expect(serverFindings(subject)).to.deep.equal([]);
	});
});
