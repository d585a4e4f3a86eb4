/** Whoever works in the cluster meanwhile: makes, changes, scales and deletes servers, and erases fields as old operators do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KINDS, type Kind } from '../../src/api/names.ts';
import type { Json } from '../../src/api/types.ts';
import type { Api, ApiAnswer, ApiRequest } from '../../test/harness/api.ts';
import { USERS } from '../../test/harness/control-plane/credentials.ts';
import { serverManifest } from '../../test/harness/namespace.ts';
import { capped, type Entry, FIELDS, type Ledger, type Spec, specIn } from './ledger.ts';
import { failureOf, isDenied, isUnsure } from './outcome.ts';
import type { Random } from './random.ts';
import { anySpec, rest } from './specs.ts';

export interface Writer {
	/** Writes made and stored. */
	readonly stored: () => number;
	/** Writes refused or without an answer, by reason. */
	readonly failed: ReadonlyMap<string, number>;
	/** Writes that a webhook denied. All of them are valid, so that is a fault of ours, or of the writer. */
	readonly denied: readonly string[];
	/** Makes every server once; throws where one is refused. */
	readonly begin: () => Promise<void>;
	readonly resume: () => void;
	/** Resolves when nothing is under way. */
	readonly pause: () => Promise<void>;
	readonly stop: () => Promise<void>;
}

export interface WriterOptions {
	readonly api: Api;
	readonly namespace: string;
	readonly ledger: Ledger;
	readonly random: Random;
	readonly redisSecret: { readonly name: string; readonly key: string };
	readonly perSecond: number;
}

const SERVERS: readonly (readonly [Kind, number])[] = [
	['MCPServer', 8],
	['VirtualMCPServer', 2],
	['MCPRemoteProxy', 2],
];
/** Longer than the API server waits for a webhook. */
const CALL_MS = 12_000;
const ATTEMPTS = 4;

export function startWriter({ api, namespace, ledger, random, redisSecret, perSecond }: WriterOptions): Writer {
	const failed = new Map<string, number>();
	const denied: string[] = [];
	let stored = 0;
	let isWriting = false;
	let isOver = false;
	let underWay: Promise<unknown> = Promise.resolve();

	/** The answer, or undefined where nobody knows whether it was done. */
	const send = async (method: string, path: string, how: ApiRequest = {}): Promise<ApiAnswer | undefined> => {
		const answer = await api.send(method, path, { ...how, timeoutMs: CALL_MS }).catch((error: Error) => error);
		const reason = failureOf(answer);
		if (isDenied(answer)) denied.push(`${method} ${path}: ${JSON.stringify(answer.body['message'])}`);
		if (method !== 'GET' && reason === undefined) stored += 1;
		else if (reason !== undefined) failed.set(reason, (failed.get(reason) ?? 0) + 1);
		return answer instanceof Error || isUnsure(answer) ? undefined : answer;
	};
	const collection = (kind: Kind): string =>
		`/apis/toolhive.stacklok.dev/v1beta1/namespaces/${namespace}/${KINDS[kind].plural}`;
	const pathOf = ({ kind, name }: Entry): string => `${collection(kind)}/${name}`;
	const deploymentOf = ({ name }: Entry): string => `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;

	const settled = (entry: Entry, spec: Spec | undefined, answer: ApiAnswer | undefined): void => {
		if (answer === undefined) ledger.wrote(entry, spec, false);
		else if (answer.status < 300) ledger.wrote(entry, spec, true);
		else ledger.note(entry, `refused ${answer.status}: ${String(answer.body['message']).slice(0, 80)}`);
	};

	const create = async (entry: Entry): Promise<ApiAnswer | undefined> => {
		const spec = anySpec(entry.kind, random, redisSecret);
		const body = serverManifest(entry.kind, entry.name, { ...rest(entry.kind), ...spec });
		const answer = await send('POST', collection(entry.kind), { body });
		settled(entry, spec, answer);
		return answer;
	};

	/** Reads, changes and writes the whole object, again where somebody was quicker. */
	const replace = async (entry: Entry, change: (object: Json) => Json, as?: string): Promise<ApiAnswer | undefined> => {
		for (let attempt = 1; ; attempt += 1) {
			const found = await send('GET', pathOf(entry));
			if (found === undefined || found.status !== 200) return found ?? { status: 599, body: {}, warnings: [] };
			const body = change(found.body);
			const answer = await send('PUT', pathOf(entry), { body, ...(as !== undefined && { as }) });
			if (answer?.status !== 409 || attempt === ATTEMPTS) return answer;
		}
	};
	const withSpec = (object: Json, spec: Spec): Json => {
		const others = Object.entries(object['spec'] as Json).filter(([field]) => !FIELDS.includes(field));
		return { ...object, spec: { ...Object.fromEntries(others), ...spec } };
	};
	const put = async (entry: Entry): Promise<void> => {
		const spec = anySpec(entry.kind, random, redisSecret);
		settled(entry, spec, await replace(entry, (object) => withSpec(object, spec)));
	};
	const patch = async (entry: Entry): Promise<void> => {
		const spec = anySpec(entry.kind, random, redisSecret);
		const nothing = Object.fromEntries(FIELDS.map((field) => [field, null]));
		// A merge patch goes into objects: parts that are not wanted are named as well.
		const storage = spec['sessionStorage'] as Json | undefined;
		const whole = storage && { address: null, keyPrefix: null, passwordRef: null, ...storage };
		const body = { spec: { ...nothing, ...spec, ...(whole && { sessionStorage: whole }) } };
		settled(entry, spec, await send('PATCH', pathOf(entry), { body, contentType: 'application/merge-patch+json' }));
	};
	/** Server-side apply: sets what is set already to other values, because what it leaves out stays whoever's it is. */
	const apply = async (entry: Entry, now: Spec): Promise<void> => {
		const spec = { ...now, ...(now['replicas'] !== undefined && { replicas: random.between(0, 4) }) };
		const { apiVersion, kind, metadata } = serverManifest(entry.kind, entry.name, {});
		const body = { apiVersion, kind, metadata, spec };
		const path = `${pathOf(entry)}?fieldManager=chaos&force=true`;
		settled(entry, spec, await send('PATCH', path, { body, contentType: 'application/apply-patch+yaml' }));
	};
	const remove = async (entry: Entry): Promise<void> => settled(entry, undefined, await send('DELETE', pathOf(entry)));
	/** What v0.12.5 sends: an object whose type has none of our fields. */
	const erase = async (entry: Entry): Promise<void> => {
		const without = (object: Json): Json => {
			const { transport: _t, ...erased } = specIn(object);
			const spec = Object.fromEntries(
				Object.entries(object['spec'] as Json).filter(([key]) => !Object.hasOwn(erased, key)),
			);
			const metadata = object['metadata'] as Json;
			const annotations = { ...(metadata['annotations'] as Json), 'chaos/erased': String(random.between(0, 1e9)) };
			return { ...object, metadata: { ...metadata, annotations }, spec };
		};
		const answer = await replace(entry, without, USERS.operator.name);
		ledger.note(entry, `erased by the operator: ${answer?.status ?? 'no answer'}`);
	};
	const scale = async (entry: Entry): Promise<void> => {
		const replicas = random.between(0, 5);
		const body = { spec: { replicas } };
		const how = { body, contentType: 'application/merge-patch+json' };
		const answer = await send('PATCH', `${deploymentOf(entry)}/scale`, how);
		if (answer === undefined || answer.status < 300) ledger.scaled(entry, replicas, answer !== undefined);
		else ledger.note(entry, `scale refused ${answer.status}`);
	};
	/** The operator makes it anew. */
	const removeDeployment = async (entry: Entry, spec: Spec): Promise<void> => {
		const answer = await send('DELETE', deploymentOf(entry));
		const replicas = capped(spec, (spec['replicas'] as number | undefined) ?? 1);
		if (answer === undefined || answer.status < 300) ledger.remade(entry, replicas, answer !== undefined);
	};

	const one = async (): Promise<void> => {
		// What may or may not have been stored is left alone until somebody has looked.
		const entry = random.pick(ledger.entries().filter(({ possible }) => possible.length === 1));
		if (entry === undefined) return;
		const [spec] = entry.possible;
		const deed = random.next();
		if (deed < 0.15) await (spec === undefined ? create(entry) : erase(entry));
		else if (entry.touchedBy !== 'scale' && deed < 0.75) {
			if (spec === undefined) await create(entry);
			else if (deed < 0.35) await put(entry);
			else if (deed < 0.55) await patch(entry);
			else if (deed < 0.65) await apply(entry, spec);
			else if (deed < 0.7) await remove(entry);
		} else if (entry.touchedBy !== 'spec' && spec !== undefined) {
			if (deed < 0.9) await scale(entry);
			else await removeDeployment(entry, spec);
		}
	};

	const running = (async () => {
		while (!isOver) {
			if (isWriting) {
				underWay = one();
				await underWay;
			}
			await sleep(1_000 / perSecond);
		}
	})();
	return {
		stored: () => stored,
		failed,
		denied,
		begin: async () => {
			for (const [kind, count] of SERVERS) {
				for (let index = 0; index < count; index += 1) {
					const answer = await create(ledger.entry(kind, `${KINDS[kind].app}-${index}`));
					if (answer?.status !== 201) throw new Error(`cannot begin: ${JSON.stringify(answer?.body)}`);
				}
			}
		},
		resume: () => {
			isWriting = true;
		},
		pause: async () => {
			isWriting = false;
			await underWay;
		},
		stop: async () => {
			isOver = true;
			await running;
		},
	};
}
