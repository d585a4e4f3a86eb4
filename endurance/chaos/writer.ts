/** Clients that create, change, scale and delete servers, and that erase fields as old operators do. */
import { KINDS, type Kind } from '../../src/api/names.ts';
import type { Json } from '../../src/api/types.ts';
import type { Api, ApiAnswer, ApiRequest } from '../../test/harness/api.ts';
import { USERS } from '../../test/harness/control-plane/credentials.ts';
import { serverManifest } from '../../test/harness/namespace.ts';
import { NAMESPACE, REDIS_SECRET } from './harness.ts';
import { keepDoing } from './keep-doing.ts';
import { capped, type Entry, FIELDS, type Ledger, replicasIn, type Spec, specIn } from './ledger.ts';
import type { Random } from './random.ts';

export interface Writer {
	readonly stored: () => number;
	/** The number of writes that were rejected or got no response, by reason. */
	readonly failed: ReadonlyMap<string, number>;
	/** The writes that a webhook denied. All writes are valid, so every denial is an error in the product. */
	readonly denied: readonly string[];
	/** Creates every server. */
	readonly begin: () => Promise<void>;
	readonly resume: () => void;
	/** Resolves when no write is in flight. */
	readonly pause: () => Promise<void>;
	readonly stop: () => Promise<void>;
}

const SERVERS: Readonly<Record<Kind, number>> = { MCPServer: 8, VirtualMCPServer: 2, MCPRemoteProxy: 2 };
/** The other fields that a server of each kind requires. */
const REQUIRED: Readonly<Record<Kind, Json>> = {
	MCPServer: {},
	VirtualMCPServer: { incomingAuth: { type: 'anonymous' }, config: { groupRef: 'a' } },
	MCPRemoteProxy: { remoteURL: 'https://crm.example.com' },
};
const TRANSPORTS = ['stdio', 'sse', 'streamable-http'];
/** The value is longer than the API server waits for a webhook. */
const CALL_MS = 12_000;
const ATTEMPTS = 4;
const MERGE = 'application/merge-patch+json';
const NO_RESPONSE: ApiAnswer = { status: 599, body: {}, warnings: [] };

export function startWriter(api: Api, ledger: Ledger, random: Random, perSecond: number): Writer {
	const failed = new Map<string, number>();
	const denied: string[] = [];
	let stored = 0;
	let isWriting = false;
	let inFlight: Promise<unknown> = Promise.resolve();

	/** Resolves with the response, or with undefined if it is unknown whether the write is stored. */
	const send = async (method: string, path: string, how: ApiRequest = {}): Promise<ApiAnswer | undefined> => {
		const answer = await api.send(method, path, { ...how, timeoutMs: CALL_MS }).catch((error: Error) => error);
		const { reason, isDenied, isUnsure } = outcomeOf(answer);
		if (isDenied) denied.push(`${method} ${path}: ${reason}`);
		if (reason !== undefined) failed.set(reason, (failed.get(reason) ?? 0) + 1);
		else if (method !== 'GET') stored += 1;
		return answer instanceof Error || isUnsure ? undefined : answer;
	};
	const collection = (kind: Kind): string =>
		`/apis/toolhive.stacklok.dev/v1beta1/namespaces/${NAMESPACE}/${KINDS[kind].plural}`;
	const pathOf = ({ kind, name }: Entry): string => `${collection(kind)}/${name}`;
	const deploymentOf = ({ name }: Entry): string => `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${name}`;
	const isDone = (answer: ApiAnswer | undefined): boolean => answer === undefined || answer.status < 300;
	const written = (entry: Entry, spec: Spec | undefined, answer: ApiAnswer | undefined): void => {
		if (isDone(answer)) ledger.wrote(entry, spec, answer !== undefined);
		else ledger.note(entry, `rejected ${answer?.status}: ${String(answer?.body['message']).slice(0, 80)}`);
	};

	const create = async (entry: Entry): Promise<ApiAnswer | undefined> => {
		const spec = randomSpec(entry.kind, random);
		const body = serverManifest(entry.kind, entry.name, { ...REQUIRED[entry.kind], ...spec });
		const answer = await send('POST', collection(entry.kind), { body });
		written(entry, spec, answer);
		return answer;
	};
	/** Reads the whole object, changes it and writes it back. Retries after a conflict. */
	const replace = async (entry: Entry, change: (object: Json) => Json, how: ApiRequest = {}) => {
		for (let attempt = 1; ; attempt += 1) {
			const found = await send('GET', pathOf(entry));
			if (found?.status !== 200) return found ?? NO_RESPONSE;
			const answer = await send('PUT', pathOf(entry), { ...how, body: change(found.body) });
			if (answer?.status !== 409 || attempt === ATTEMPTS) return answer;
		}
	};
	const withoutFields = (spec: unknown, fields: readonly string[]): Json =>
		Object.fromEntries(Object.entries(spec as Json).filter(([field]) => !fields.includes(field)));
	const put = async (entry: Entry): Promise<void> => {
		const spec = randomSpec(entry.kind, random);
		const change = (object: Json): Json => ({ ...object, spec: { ...withoutFields(object['spec'], FIELDS), ...spec } });
		written(entry, spec, await replace(entry, change));
	};
	const patch = async (entry: Entry): Promise<void> => {
		const spec = randomSpec(entry.kind, random);
		const unset = Object.fromEntries(FIELDS.map((field) => [field, null]));
		// A merge patch also merges sessionStorage, so the patch must set each unset field to null.
		const storage = spec['sessionStorage'] as Json | undefined;
		const whole = storage && { address: null, keyPrefix: null, passwordRef: null, ...storage };
		const body = { spec: { ...unset, ...spec, ...(whole && { sessionStorage: whole }) } };
		written(entry, spec, await send('PATCH', pathOf(entry), { body, contentType: MERGE }));
	};
	/** Uses server-side apply, which only sets values. The owner of an omitted field keeps that field. */
	const apply = async (entry: Entry, now: Spec): Promise<void> => {
		const spec = { ...now, ...(now['replicas'] !== undefined && { replicas: random.between(0, 4) }) };
		const { apiVersion, kind, metadata } = serverManifest(entry.kind, entry.name, {});
		const how = { body: { apiVersion, kind, metadata, spec }, contentType: 'application/apply-patch+yaml' };
		written(entry, spec, await send('PATCH', `${pathOf(entry)}?fieldManager=chaos&force=true`, how));
	};
	/** Sends the object as operator v0.12.5 does, whose types lack the scaling fields. */
	const erase = async (entry: Entry): Promise<void> => {
		const change = (object: Json): Json => {
			const { transport: _, ...erased } = specIn(object);
			const metadata = object['metadata'] as Json;
			const annotations = { ...(metadata['annotations'] as Json), 'chaos/erased': String(random.between(0, 1e9)) };
			const spec = withoutFields(object['spec'], Object.keys(erased));
			return { ...object, metadata: { ...metadata, annotations }, spec };
		};
		const answer = await replace(entry, change, { as: USERS.operator.name });
		ledger.note(entry, `erased by the operator: ${answer?.status ?? 'no response'}`);
	};
	const scale = async (entry: Entry): Promise<void> => {
		const replicas = random.between(0, 5);
		const how = { body: { spec: { replicas } }, contentType: MERGE };
		const answer = await send('PATCH', `${deploymentOf(entry)}/scale`, how);
		if (isDone(answer)) ledger.scaled(entry, replicas, answer !== undefined);
		else ledger.note(entry, `scale rejected ${answer?.status}`);
	};
	const removeDeployment = async (entry: Entry, spec: Spec): Promise<void> => {
		const answer = await send('DELETE', deploymentOf(entry));
		if (isDone(answer)) ledger.recreated(entry, capped(spec, replicasIn(spec) ?? 1), answer !== undefined);
	};

	const writeOnce = async (): Promise<unknown> => {
		// If the state of an object is unknown, the writer does not change that object.
		const entry = random.pick(ledger.entries().filter(({ possible }) => possible.length === 1));
		if (entry === undefined) return;
		const [spec] = entry.possible;
		const action = random.next();
		if (spec === undefined)
			return action < 0.15 || (entry.touchedBy !== 'scale' && action < 0.75) ? create(entry) : undefined;
		if (action < 0.15) return erase(entry);
		if (entry.touchedBy !== 'scale' && action < 0.75) {
			if (action < 0.35) return put(entry);
			if (action < 0.55) return patch(entry);
			if (action < 0.65) return apply(entry, spec);
			return action < 0.7 ? written(entry, undefined, await send('DELETE', pathOf(entry))) : undefined;
		}
		if (entry.touchedBy === 'spec') return undefined;
		return action < 0.9 ? scale(entry) : removeDeployment(entry, spec);
	};
	const { stop } = keepDoing(async () => {
		if (!isWriting) return;
		inFlight = writeOnce();
		await inFlight;
	}, 1_000 / perSecond);
	return {
		...{ failed, denied, stop },
		stored: () => stored,
		begin: async () => {
			for (const [kind, count] of Object.entries(SERVERS) as [Kind, number][]) {
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
			await inFlight;
		},
	};
}

function randomSpec(kind: Kind, random: Random): Spec {
	const isOf = (share: number): boolean => random.next() < share;
	const redis = () => ({
		provider: 'redis',
		address: `redis-${random.between(0, 3)}.db.svc:6379`,
		db: random.between(0, 2),
		...(isOf(0.5) && { keyPrefix: `p${random.between(0, 3)}:` }),
		...(isOf(0.7) && { passwordRef: REDIS_SECRET }),
	});
	const storage = random.next();
	return {
		...(kind === 'MCPServer' && { transport: random.pick(TRANSPORTS) }),
		...(kind === 'MCPRemoteProxy' && { transport: random.pick(TRANSPORTS.slice(1)) }),
		...(isOf(0.7) && { replicas: random.between(0, 4) }),
		...(kind === 'MCPServer' && isOf(0.5) && { backendReplicas: random.between(0, 3) }),
		...(storage < 0.5 && { sessionStorage: redis() }),
		...(storage >= 0.5 && storage < 0.7 && { sessionStorage: { provider: 'memory', db: 0 } }),
	};
}

export interface Outcome {
	/** The reason for the failure, or undefined if the write was stored or the object does not exist. */
	readonly reason: string | undefined;
	/** Whether a webhook denied the write. A webhook that does not respond does not count as a denial. */
	readonly isDenied: boolean;
	/**
	 * Whether the write may be stored despite the error. The API server may report an error of its own after it stored
	 * the object, but an error from a webhook always precedes the write.
	 */
	readonly isUnsure: boolean;
}

export function outcomeOf(answer: ApiAnswer | Error): Outcome {
	if (answer instanceof Error) {
		return {
			reason: `no answer: ${(answer as NodeJS.ErrnoException).code ?? answer.name}`,
			isDenied: false,
			isUnsure: true,
		};
	}
	const { status, body } = answer;
	const message = String(body['message']);
	const isDenied = /^admission webhook .* denied the request/s.test(message);
	const webhook = /failed calling webhook.*: (.*)$/s.exec(message)?.[1];
	if (status < 300 || status === 404) return { reason: undefined, isDenied, isUnsure: false };
	const reason = isDenied ? message : `${status} ${String(body['reason'] ?? message.slice(0, 40))}`;
	return webhook === undefined
		? { reason, isDenied, isUnsure: status >= 500 }
		: { reason: `${status}, webhook: ${webhook.replace(/.*: /s, '').slice(0, 60)}`, isDenied, isUnsure: false };
}
