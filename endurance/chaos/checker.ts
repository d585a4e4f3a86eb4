/**
 * Compares every stored object with what the rules say of the server as it is stored, and that with what was written. It shares the rules
 * (src/policy) with the product and nothing else: how they are written into objects is spelt out here once more.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { KINDS } from '../../src/api/names.ts';
import type { Json } from '../../src/api/types.ts';
import { serverOf } from '../../src/objects/server.ts';
import { type Decision, decide } from '../../src/policy/decide.ts';
import type { Api } from '../../test/harness/api.ts';
import { countsOf, type Entry, type Ledger, specIn } from './ledger.ts';

export interface Wrong {
	/** `MCPServer/search`. */
	readonly server: string;
	/** Which field of which object. */
	readonly field: string;
	readonly wanted: string;
	readonly found: string;
	readonly history: readonly string[];
}

export interface Checked {
	readonly wrong: readonly Wrong[];
	/** What is stored of each server, for the ledger. */
	readonly stored: Parameters<Ledger['settle']>[0];
}

const CALL_MS = 10_000;
const PASSWORD = 'THV_SESSION_REDIS_PASSWORD';
const PRE_STOP = { preStop: { sleep: { seconds: 5 } } };
const APPLIED = 'toolhive-scaling/applied-replicas';
const CHECKSUM = 'toolhive.stacklok.dev/content-checksum';
const TEMPLATE_CHECKSUM = 'toolhive.stacklok.dev/runconfig-checksum';

/** Throws where the API server does not answer. */
export async function check(api: Api, namespace: string, ledger: Ledger, gracePeriodSeconds: number): Promise<Checked> {
	const list = async (path: string): Promise<Map<string, Json>> => {
		const { status, body } = await api.send('GET', path, { timeoutMs: CALL_MS });
		if (status !== 200) throw new Error(`${status} for ${path}`);
		const items = body['items'] as Json[];
		return new Map(items.map((item) => [String((item['metadata'] as Json)['name']), item]));
	};
	const deployments = await list(`/apis/apps/v1/namespaces/${namespace}/deployments`);
	const configMaps = await list(`/api/v1/namespaces/${namespace}/configmaps`);
	const servers = new Map<string, Json>();
	for (const [kind, { plural }] of Object.entries(KINDS)) {
		const found = await list(`/apis/toolhive.stacklok.dev/v1beta1/namespaces/${namespace}/${plural}`);
		// Items come without the kind of the list.
		const apiVersion = 'toolhive.stacklok.dev/v1beta1';
		for (const [name, item] of found) servers.set(`${kind}/${name}`, { ...item, apiVersion, kind });
	}

	const wrong: Wrong[] = [];
	for (const entry of ledger.entries()) {
		const key = `${entry.kind}/${entry.name}`;
		const compare = (field: string, found: unknown, ...wanted: readonly unknown[]): void => {
			if (wanted.some((one) => isDeepStrictEqual(one, found))) return;
			const texts = wanted.map((one) => JSON.stringify(one) ?? 'nothing');
			const text = JSON.stringify(found) ?? 'nothing';
			wrong.push({ server: key, field, wanted: texts.join(' or '), found: text, history: [...entry.history] });
		};
		const object = servers.get(key);
		const deployment = deployments.get(entry.name);
		compare('server', object === undefined ? undefined : specIn(object), ...entry.possible);
		if (object === undefined) {
			compare('Deployment', deployment?.['kind'] ?? deployment?.['metadata'], undefined);
			continue;
		}
		const server = serverOf(object);
		if (server === undefined) throw new Error(`${key} cannot be read`);
		const decision = decide(server);
		checkConditions(object, decision, compare);
		const configMap = configMaps.get(entry.name + KINDS[entry.kind].configMapSuffix);
		compare('owner of the Deployment', ownerOf(deployment), server.uid);
		compare('owner of the ConfigMap', ownerOf(configMap), server.uid);
		if (deployment === undefined || configMap === undefined) continue;
		checkDeployment(deployment, decision, gracePeriodSeconds, compare);
		compare('replicas of the Deployment', (deployment['spec'] as Json)['replicas'], ...countsOf(entry, specIn(object)));
		checkConfiguration(entry, configMap, decision, compare);
		const template = (deployment['spec'] as { template: Json }).template;
		compare(
			'checksum in the pod template',
			annotationsOf(template)[TEMPLATE_CHECKSUM],
			annotationsOf(configMap)[CHECKSUM],
		);
	}
	return {
		wrong,
		stored: ({ kind, name }) => {
			const object = servers.get(`${kind}/${name}`);
			const deployment = deployments.get(name);
			if (object === undefined || deployment === undefined) return undefined;
			const isNoted = annotationsOf(deployment)[APPLIED] !== undefined;
			return { spec: specIn(object), count: (deployment['spec'] as { replicas: number }).replicas, isNoted };
		},
	};
}

type Compare = (field: string, found: unknown, ...wanted: readonly unknown[]) => void;

function checkConditions(object: Json, { conditions }: Decision, compare: Compare): void {
	const status = object['status'] as { conditions?: Json[] } | undefined;
	const { generation } = object['metadata'] as Json;
	for (const { type, status: wanted, reason, message, isOnlyIfPresent } of conditions) {
		const found = (status?.conditions ?? []).filter((one) => one['type'] === type);
		compare(`conditions of type ${type}`, found.length, ...(isOnlyIfPresent ? [0, 1] : [1]));
		for (const one of found) {
			const { lastTransitionTime: _, ...rest } = one;
			compare(`condition ${type}`, rest, { type, status: wanted, reason, message, observedGeneration: generation });
		}
	}
}

function checkDeployment(
	deployment: Json,
	{ passwordEnv }: Decision,
	gracePeriodSeconds: number,
	compare: Compare,
): void {
	const { spec } = (deployment['spec'] as { template: { spec: Json } }).template;
	compare('grace period', spec['terminationGracePeriodSeconds'], gracePeriodSeconds);
	const [container] = spec['containers'] as { env: { name: string }[]; lifecycle?: Json }[];
	compare('preStop', container?.lifecycle, PRE_STOP);
	const passwords = container?.env.filter(({ name }) => name === PASSWORD);
	compare('password variable', passwords, passwordEnv === undefined ? [] : [passwordEnv]);
}

function checkConfiguration({ kind }: Entry, configMap: Json, { runConfig }: Decision, compare: Compare): void {
	const text = (configMap['data'] as Record<string, string>)[KINDS[kind].configKey] ?? '';
	const { redis, backendReplicas } = runConfig;
	if (kind === 'VirtualMCPServer') {
		const section = redis && { provider: 'redis', ...redis };
		compare('sessionStorage of the configuration', (parse(text) as Json)['sessionStorage'], section);
	} else {
		const { keyPrefix, ...rest } = redis ?? {};
		const wanted = redis && { ...rest, ...(keyPrefix !== undefined && { key_prefix: keyPrefix }) };
		const config = JSON.parse(text) as Json;
		const nested = (config['scaling_config'] ?? {}) as Json;
		for (const [place, fields] of Object.entries({ 'top level': config, scaling_config: nested })) {
			compare(`session_redis at ${place}`, fields['session_redis'], wanted);
			compare(`backend_replicas at ${place}`, fields['backend_replicas'], backendReplicas);
		}
	}
	compare('checksum of the ConfigMap', annotationsOf(configMap)[CHECKSUM], checksumOf(configMap));
}

function checksumOf(configMap: Json): string {
	const hash = createHash('sha256');
	const { labels } = configMap['metadata'] as { labels: Record<string, string> };
	for (const map of [configMap['data'] as Record<string, string>, labels, annotationsOf(configMap)]) {
		for (const key of Object.keys(map).sort()) if (key !== CHECKSUM) hash.update(key).update(map[key] ?? '');
	}
	return hash.digest('hex');
}

const annotationsOf = (object: Json): Record<string, string> =>
	((object['metadata'] as Json)['annotations'] ?? {}) as Record<string, string>;

const ownerOf = (object: Json | undefined): unknown =>
	((object?.['metadata'] as { ownerReferences?: { uid: string }[] } | undefined)?.ownerReferences ?? [])[0]?.uid;
