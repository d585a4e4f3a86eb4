/** Builds a server and its cluster context as the rules receive them. */
import type { Kind } from '../../src/api/names.ts';
import type { Autoscaler, Server, ServerSpec } from '../../src/api/types.ts';
import type { ClusterContext, Subject } from '../../src/policy/finding.ts';

export const server = (spec: Partial<ServerSpec> = {}, kind: Kind = 'MCPServer', ignore: string[] = []): Server => ({
	kind,
	namespace: 'demo',
	name: 'search',
	uid: 'uid-of-search',
	spec: { stdio: false, ...spec },
	ignore,
});

export const redis = { provider: 'redis', address: 'redis.db.svc:6379' } as const;
export const memory = { provider: 'memory' } as const;

const HPA: Autoscaler = {
	kind: 'HorizontalPodAutoscaler',
	namespace: 'demo',
	name: 'search-hpa',
	targetKind: 'Deployment',
	target: 'search',
};
const autoscaled = (fields: Partial<Autoscaler> = {}): Part => ({
	clusterContext: { autoscalers: [{ ...HPA, maxReplicas: 6, ...fields }] },
});

interface Part {
	readonly kind?: Kind;
	readonly spec?: Partial<ServerSpec>;
	readonly before?: Partial<ServerSpec>;
	readonly clusterContext?: ClusterContext;
}

/**
 * The words in a scenario, in addition to `replicas N`, `backendReplicas N`, `backendReplicas N before` and `image
 * TAG`.
 */
const WORDS: Readonly<Record<string, Part>> = {
	stdio: { spec: { stdio: true } },
	VirtualMCPServer: { kind: 'VirtualMCPServer' },
	MCPRemoteProxy: { kind: 'MCPRemoteProxy' },
	redis: { spec: { sessionStorage: redis } },
	'redis with TLS': { spec: { sessionStorage: { ...redis, tls: true } } },
	memory: { spec: { sessionStorage: memory } },
	'memory with TLS': { spec: { sessionStorage: { ...memory, tls: true } } },
	'storage in config': { spec: { configSessionStorage: true } },
	'affinity None': { spec: { sessionAffinity: 'None' } },
	'affinity ClientIP': { spec: { sessionAffinity: 'ClientIP' } },
	'pod annotations': { spec: { podAnnotations: true } },
	HPA: autoscaled(),
	'HPA up to 1': autoscaled({ maxReplicas: 1 }),
	'HPA without maximum': { clusterContext: { autoscalers: [HPA] } },
	'HPA of StatefulSet': autoscaled({ targetKind: 'StatefulSet' }),
	'HPA of MCPServer': autoscaled({ targetKind: 'MCPServer' }),
	'HPA of VirtualMCPServer': autoscaled({ targetKind: 'VirtualMCPServer' }),
	'HPA of MCPRemoteProxy': autoscaled({ targetKind: 'MCPRemoteProxy' }),
	ScaledObject: autoscaled({ kind: 'ScaledObject' }),
	'RunConfig with TLS': { clusterContext: { runConfig: { redisTls: true } } },
	'RunConfig without TLS': { clusterContext: { runConfig: { redisTls: false } } },
};

const withImage = (tag: string): ClusterContext => ({
	deployment: { namespace: 'demo', name: 'search', image: `localhost:5000/toolhive/proxyrunner${tag}` },
});

function partOf(word: string): Part {
	const [, field, count, before] = /^(replicas|backendReplicas) (\d+)( before)?$/.exec(word) ?? [];
	if (field !== undefined) return { [before === undefined ? 'spec' : 'before']: { [field]: Number(count) } };
	const [, tag] = /^image (.*)$/.exec(word) ?? [];
	if (tag !== undefined) return { clusterContext: withImage(tag === 'without tag' ? '' : tag) };
	const known = WORDS[word];
	if (known === undefined) throw new Error(`unknown word "${word}"`);
	return known;
}

/**
 * Returns the subject of a rule: `stdio, replicas 2, HPA` is an MCPServer with two fields, and an autoscaler for its
 * Deployment.
 */
export function scenario(words: string, ignore: string[] = []): Subject {
	const parts = words.split(', ').map(partOf);
	const kind = parts.find((part) => part.kind !== undefined)?.kind;
	const before = parts.find((part) => part.before !== undefined)?.before;
	const spec: Partial<ServerSpec> = Object.assign({}, ...parts.map((part) => part.spec));
	const clusterContext: ClusterContext = Object.assign({}, ...parts.map((part) => part.clusterContext));
	return { server: server(spec, kind, ignore), before: before && server(before, kind), clusterContext };
}
