/**
 * Tests when a warning about a server is reported, and when it is not. The golden cases cover each warning once, also
 * those about other objects.
 */
import { expect } from 'chai';
import { warningText } from '../../../src/admission/response.ts';
import type { Finding } from '../../../src/policy/finding.ts';
import { configFindings, scaleFindings, serverFindings } from '../../../src/policy/rules.ts';
import { scenario, server } from '../../harness/servers.ts';

/** The scenarios are separated by ` | ` or a line break. The warning's message must contain the text after `: `. */
const WARNINGS: Readonly<Record<string, { readonly warns: string; readonly silent: string }>> = {
	'session-storage-missing › spec.sessionStorage': {
		warns: `replicas 2, memory | stdio, replicas 2 | HPA: HorizontalPodAutoscaler search-hpa may run 6 replicas
			replicas 1, HPA: HorizontalPodAutoscaler | replicas 2, HPA: replicas > 1`,
		silent: `replicas 2, redis | replicas 1 | backendReplicas 2
			redis, HPA | HPA up to 1 | HPA without maximum | HPA of StatefulSet | stdio, HPA`,
	},
	'backend-replicas-lowered › spec.backendReplicas': {
		warns: 'backendReplicas 1 before, backendReplicas 0: 1 to 0',
		silent: `backendReplicas 2 before, backendReplicas 3 | backendReplicas 2 before, backendReplicas 2
			backendReplicas 1 | backendReplicas 2 before`,
	},
	'backend-still-running › spec.backendReplicas': {
		warns: 'replicas 0 | replicas 0, backendReplicas 1 | stdio, replicas 0',
		silent: 'replicas 0, backendReplicas 0 | replicas 1 | VirtualMCPServer, replicas 0 | MCPRemoteProxy, replicas 0',
	},
	'session-affinity-none-without-redis › spec.sessionAffinity': {
		warns: 'affinity None, replicas 2, memory | affinity None, ScaledObject: ScaledObject search-hpa',
		silent: `affinity None, replicas 2, redis | affinity ClientIP, replicas 2 | affinity None, replicas 1
			affinity None, HPA up to 1 | affinity None, redis, HPA | stdio, affinity None, HPA`,
	},
	'autoscaled-and-pinned › spec.replicas': {
		warns: 'replicas 0, ScaledObject: ScaledObject search-hpa',
		silent: 'HPA | replicas 3, HPA of StatefulSet',
	},
	'backend-autoscaled-and-pinned › spec.backendReplicas': {
		warns: 'backendReplicas 0, HPA of StatefulSet: search-hpa',
		silent: 'HPA of StatefulSet | backendReplicas 2, HPA | backendReplicas 2',
	},
	'autoscaler-target-invalid › metadata.name': {
		warns:
			'HPA of MCPServer: search-hpa | VirtualMCPServer, HPA of VirtualMCPServer | MCPRemoteProxy, HPA of MCPRemoteProxy',
		silent: 'HPA | HPA of VirtualMCPServer',
	},
	'backend-sessions-not-pinned › spec.backendReplicas': {
		warns: 'backendReplicas 2, redis: reaches another backend',
		silent: 'replicas 3, backendReplicas 1 | replicas 3 | stdio, backendReplicas 2',
	},
	'config-session-storage-ignored › spec.config.sessionStorage': {
		warns: 'VirtualMCPServer, storage in config, replicas 2',
		silent: 'VirtualMCPServer, storage in config, redis | VirtualMCPServer',
	},
	'redis-tls-unsupported › spec.sessionStorage.tls': {
		warns: 'redis with TLS, RunConfig without TLS',
		silent: `redis with TLS, RunConfig with TLS | redis with TLS | redis, RunConfig without TLS
			memory with TLS, RunConfig without TLS`,
	},
	'image-too-old › spec.sessionStorage': {
		warns: `redis, image :v0.16.0-rc.1: v0.16.0 or later, not v0.16.0-rc.1 | redis, image :0.12.5: not 0.12.5
			redis, image :v0.12.5@sha256:0a: not v0.12.5 | VirtualMCPServer, redis, image :v0.15.0: v0.16.0`,
		silent: `redis, image :v0.16.0 | redis, image :v1.0.0 | VirtualMCPServer, redis, image :v0.16.0
			redis, image :latest | redis, image @sha256:0a | redis, image without tag | redis
			memory, image :v0.1.0 | replicas 3, image :v0.1.0`,
	},
	'image-too-old › spec.backendReplicas': {
		warns: 'backendReplicas 1, image :v0.12.4: v0.12.5 or later | backendReplicas 0, image :v0.12.4',
		silent: 'backendReplicas 1, image :v0.12.5',
	},
	'run-config-restart-missing › spec.resourceOverrides.proxyDeployment': {
		warns: 'pod annotations, redis, image :v0.15.9 | pod annotations, backendReplicas 0, image :v0.15.0',
		silent: `pod annotations, redis, image :v0.16.0 | pod annotations, redis, image :latest
			pod annotations, redis | redis, image :v0.12.5 | pod annotations, memory, image :v0.12.5`,
	},
};

const findingsIn = (words: string, ignore: string[] = []): Finding[] => serverFindings(scenario(words, ignore));

for (const [subject, { warns, silent }] of Object.entries(WARNINGS)) {
	const [id = ''] = subject.split(' › ');
	const find = (words: string, ignore?: string[]) => findingsIn(words, ignore).find((finding) => finding.id === id);
	describe(subject, () => {
		for (const scenario of warns.split(/ \| |\n\t*/)) {
			const [, words = '', message = ''] = /^(.*?)(?:: (.*))?$/.exec(scenario) ?? [];
			it(`${words} › a warning, which fits 120 characters and may be ignored`, () => {
				const found = find(words);
				const all = findingsIn(words).map((one) => `${one.id} › ${one.field}`);
				expect(all, 'all warnings').to.include(subject);
				expect(found?.message).to.include(message);
				expect(warningText(found as Finding)).to.not.include('...');
				expect(find(words, [id])).to.equal(undefined);
				expect(find(words, ['some-other-id'])).to.deep.equal(found);
			});
		}
		for (const words of silent.split(/ \| |\n\t*/)) {
			it(`${words} › no warning`, () => expect(find(words)?.message).to.equal(undefined));
		}
	});
}

describe('annotation toolhive-scaling/ignore', () => {
	const both = ['stdio-replicas-capped', 'session-storage-missing'];
	const many = Array.from({ length: 10_000 }, (_, index) => `id-${index}`);
	for (const [title, ignore, ids] of [
		['a member of every object › unknown', ['constructor', ...both], ['ignore-unknown-id']],
		['the id of a ConfigMap warning › known', ['run-config-unreadable', ...both], []],
		['10,000 unknown ids › one warning', many, [...both, 'ignore-unknown-id']],
	] as const) {
		it(title, () => {
			expect(findingsIn('stdio, replicas 2', [...ignore]).map(({ id }) => id)).to.deep.equal(ids);
		});
	}
	it('a write to the ConfigMap › its warning is ignored too', () => {
		const facts = { clusterContext: {}, isReadable: false, hasTls: false, isRefusedByImage: false };
		const written = (ignore: string[]) =>
			configFindings({ server: server({}, 'MCPServer', ignore), ...facts }).map(({ id }) => id);
		expect(written([])).to.deep.equal(['run-config-unreadable']);
		expect(written(['run-config-unreadable'])).to.deep.equal([]);
	});
	it('a write to the Scale › its warning is ignored too', () => {
		const scaled = (ignore: string[]) => scaleFindings(server({ stdio: true }, 'MCPServer', ignore), 3).length;
		expect(scaled([])).to.equal(1);
		expect(scaled(['stdio-replicas-capped'])).to.equal(0);
	});
});
