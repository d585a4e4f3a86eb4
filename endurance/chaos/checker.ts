/**
 * Compares every stored object with the rules for its server, and each server with the recorded writes. The checker
 * shares only the rules (src/policy) with the product, and has its own code to write a decision into objects.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { KINDS } from '../../src/api/names.ts';
import type { Json } from '../../src/api/types.ts';
import { serverOf } from '../../src/objects/server.ts';
import { type Decision, decide } from '../../src/policy/decide.ts';
import type { Api } from '../../test/harness/api.ts';
import { GRACE_PERIOD_SECONDS, NAMESPACE } from './harness.ts';
import { type Entry, type Ledger, possibleCounts, specIn } from './ledger.ts';

/** A wrong field and the history of its server. */
interface Wrong {
	readonly field: string;
	readonly text: string;
}

type Compare = (field: string, found: unknown, ...wanted: readonly unknown[]) => void;

const CALL_MS = 10_000;
/** The product detects a frozen connection after 150 s without an event (src/cluster/watch.ts). */
export const CONVERGE_MS = 200_000;
const AGAIN_MS = 500;
/** Every object must stay in its desired state for this long. */
const STAYS_MS = 2_500;
const API_VERSION = 'toolhive.stacklok.dev/v1beta1';
const PASSWORD = 'THV_SESSION_REDIS_PASSWORD';
const PRE_STOP = { preStop: { sleep: { seconds: 5 } } };
const CHECKSUM = 'toolhive.stacklok.dev/content-checksum';
const TEMPLATE_CHECKSUM = 'toolhive.stacklok.dev/runconfig-checksum';

/** Waits until every stored object is in its desired state and stays there. */
export async function converge(api: Pick<Api, 'send'>, ledger: Ledger, withinMs = CONVERGE_MS) {
	const deadlineMs = performance.now() + withinMs;
	let sinceMs: number | undefined;
	let last: string | undefined;
	for (;;) {
		const { wrong, settle } = await check(api, ledger).catch(({ message }: Error) => ({
			...{ wrong: [{ field: message, text: message }], settle: undefined },
		}));
		const nowMs = performance.now();
		if (wrong.length > 0) last = wrong.map(({ field }) => field).join(', ');
		sinceMs = wrong.length > 0 ? undefined : (sinceMs ?? nowMs);
		if (nowMs > deadlineMs || (sinceMs !== undefined && nowMs - sinceMs >= STAYS_MS)) {
			// If an object is wrong, the next round starts from its stored state. One wrong object would otherwise make every
			// later round fail.
			settle?.();
			// The last object that reached its desired state is for the reader of the output.
			return { wrong, rightMs: sinceMs ?? nowMs, last };
		}
		await sleep(AGAIN_MS);
	}
}

/** Throws if the API server does not respond. */
export async function check(api: Pick<Api, 'send'>, ledger: Ledger) {
	const list = async (group: string, plural: string): Promise<Map<string, Json>> => {
		const path = `${group}/namespaces/${NAMESPACE}/${plural}`;
		const { status, body } = await api.send('GET', path, { timeoutMs: CALL_MS });
		if (status !== 200) throw new Error(`${status} for ${path}`);
		return new Map((body['items'] as Json[]).map((item) => [String((item['metadata'] as Json)['name']), item]));
	};
	const deployments = await list('/apis/apps/v1', 'deployments');
	const configMaps = await list('/api/v1', 'configmaps');
	const servers = new Map<string, Json>();
	for (const [kind, { plural }] of Object.entries(KINDS)) {
		// The items of a list have no kind.
		for (const [name, item] of await list(`/apis/${API_VERSION}`, plural))
			servers.set(`${kind}/${name}`, { ...item, apiVersion: API_VERSION, kind });
	}

	const wrong: Wrong[] = [];
	for (const entry of ledger.entries()) {
		const key = `${entry.kind}/${entry.name}`;
		const compare: Compare = (field, found, ...wanted) => {
			if (wanted.some((one) => isDeepStrictEqual(one, found))) return;
			const texts = wanted.map((one) => JSON.stringify(one) ?? 'nothing').join(' or ');
			const history = entry.history.map((line) => `\n    ${line}`).join('');
			const text = `${key}: ${field}\n  wanted ${texts}\n  found  ${JSON.stringify(found) ?? 'nothing'}${history}`;
			wrong.push({ field: `${key}: ${field}`, text });
		};
		const object = servers.get(key);
		const deployment = deployments.get(entry.name);
		compare('server', object && specIn(object), ...entry.possible);
		if (object === undefined) {
			compare('Deployment', deployment?.['metadata'], undefined);
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
		const { replicas, template } = deployment['spec'] as { replicas: number; template: { spec: Json } & Json };
		compare('replicas of the Deployment', replicas, ...possibleCounts(entry, specIn(object)));
		checkPod(template.spec, decision, compare);
		checkConfiguration(entry, configMap, decision, compare);
		compare(
			'checksum in the pod template',
			annotationsOf(template)[TEMPLATE_CHECKSUM],
			annotationsOf(configMap)[CHECKSUM],
		);
	}
	/** Starts the next round of the ledger with the stored objects. */
	const settle = (): void =>
		ledger.settle(({ kind, name }) => {
			const object = servers.get(`${kind}/${name}`);
			const { replicas } = (deployments.get(name)?.['spec'] ?? { replicas: 0 }) as { replicas: number };
			return object && { spec: specIn(object), count: replicas };
		});
	return { wrong, settle };
}

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

function checkPod(spec: Json, { passwordEnv }: Decision, compare: Compare): void {
	compare('grace period', spec['terminationGracePeriodSeconds'], GRACE_PERIOD_SECONDS);
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
