/** Clients that create, change, scale and delete servers, and that erase fields as old operators do. */
import { KINDS, type Kind } from '../../src/api/names.ts';
import type { Json } from '../../src/api/types.ts';
import type { Api, ApiAnswer, ApiRequest } from '../../test/harness/api.ts';
import { USERS } from '../../test/harness/control-plane/credentials.ts';
import { serverManifest } from '../../test/harness/namespace.ts';
import { NAMESPACE, REDIS_SECRET } from './harness.ts';
import { keepDoing } from './keep-doing.ts';
import { type Entry, FIELDS, type Ledger, type Spec, specIn } from './ledger.ts';
import type { Random } from './random.ts';

export type Writer = ReturnType<typeof startWriter>;

const SERVERS: Readonly<Record<Kind, number>> = { MCPServer: 8, VirtualMCPServer: 2, MCPRemoteProxy: 2 };
/** The other fields that a server of each kind requires. */
const REQUIRED: Readonly<Record<Kind, Json>> = {
	MCPServer: {},
	VirtualMCPServer: { incomingAuth: { type: 'anonymous' }, config: { groupRef: 'a' } },
	MCPRemoteProxy: { remoteURL: 'https://crm.example.com' },
};
const TRANSPORTS = ['stdio', 'sse', 'streamable-http'];
/** The replicas of a scaled server at first, and after that. */
const [BEGIN, OWNED] = [1, 2];
/** The value is longer than the API server waits for a webhook. */
const CALL_MS = 12_000;
const MERGE = 'application/merge-patch+json';

export function startWriter(api: Api, ledger: Ledger, random: Random, perSecond: number) {
	/** The number of writes that were rejected or got no response, by reason. */
	const failed = new Map<string, number>();
	/** The writes that a webhook denied. All writes are valid, so every denial is an error in the product. */
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
		const spec = randomSpec(entry, random);
		const body = serverManifest(entry.kind, entry.name, { ...REQUIRED[entry.kind], ...spec });
		const answer = await send('POST', collection(entry.kind), { body });
		written(entry, spec, answer);
		return answer;
	};
	const patch = async (entry: Entry): Promise<void> => {
		const spec = randomSpec(entry, random);
		const unset = Object.fromEntries(FIELDS.map((field) => [field, null]));
		// A merge patch also merges sessionStorage, so the patch must set each unset field to null.
		const storage = spec['sessionStorage'] as Json | undefined;
		const whole = storage && { address: null, keyPrefix: null, passwordRef: null, ...storage };
		const body = { spec: { ...unset, ...spec, ...(whole && { sessionStorage: whole }) } };
		written(entry, spec, await send('PATCH', pathOf(entry), { body, contentType: MERGE }));
	};
	/** Sends the object as operator v0.12.5 does, whose types lack the scaling fields. Another write may conflict. */
	const erase = async (entry: Entry): Promise<void> => {
		const found = await send('GET', pathOf(entry));
		if (found?.status !== 200) return;
		const { transport: _, ...erased } = specIn(found.body);
		const spec = Object.entries(found.body['spec'] as Json).filter(([field]) => !(field in erased));
		const metadata = found.body['metadata'] as Json;
		const annotations = { ...(metadata['annotations'] as Json), 'chaos/erased': String(random.between(0, 1e9)) };
		const body = { ...found.body, metadata: { ...metadata, annotations }, spec: Object.fromEntries(spec) };
		const answer = await send('PUT', pathOf(entry), { as: USERS.operator.name, body });
		ledger.note(entry, `erased by the operator: ${answer?.status ?? 'no response'}`);
	};
	const scale = async (entry: Entry): Promise<void> => {
		const replicas = random.between(0, 5);
		const how = { body: { spec: { replicas } }, contentType: MERGE };
		const answer = await send('PATCH', `${deploymentOf(entry)}/scale`, how);
		if (isDone(answer)) ledger.scaled(entry, replicas, answer !== undefined);
		else ledger.note(entry, `scale rejected ${answer?.status}`);
	};
	const writeOnce = async (): Promise<unknown> => {
		// If the state of an object is unknown, the writer does not change that object.
		const known = ledger.entries().filter(({ possible, counts }) => possible.length === 1 && counts.length <= 1);
		const entry = random.pick(known);
		if (entry === undefined) return;
		const [spec] = entry.possible;
		if (spec === undefined) return create(entry);
		const action = random.next();
		if (action < 0.2) return erase(entry);
		if (action < 0.8) return patch(entry);
		if (entry.isScaled) return scale(entry);
		// The operator creates the Deployment again.
		if (action < 0.9) return send('DELETE', deploymentOf(entry));
		return written(entry, undefined, await send('DELETE', pathOf(entry)));
	};
	const { stop } = keepDoing(async () => {
		if (!isWriting) return;
		inFlight = writeOnce();
		await inFlight;
	}, 1_000 / perSecond);
	return {
		...{ failed, denied, stop },
		stored: () => stored,
		/** Creates every server. */
		begin: async (): Promise<void> => {
			for (const [kind, count] of Object.entries(SERVERS) as [Kind, number][]) {
				for (let index = 0; index < count; index += 1) {
					const entry = ledger.add(kind, `${KINDS[kind].app}-${index}`, index % 2 === 1);
					if (entry.isScaled) ledger.scaled(entry, BEGIN, true);
					const answer = await create(entry);
					if (answer?.status !== 201) throw new Error(`cannot begin: ${JSON.stringify(answer?.body)}`);
				}
			}
		},
		/**
		 * Changes the replicas of the servers that other clients scale, so that the product records its count. Without
		 * this record, the next leader overwrites a scale (a known limit in docs/reliability.md).
		 */
		own: async (): Promise<void> => {
			for (const entry of ledger.entries().filter(({ isScaled }) => isScaled)) {
				const [spec] = entry.possible;
				ledger.scaled(entry, OWNED, true);
				const body = { spec: { replicas: OWNED } };
				written(entry, { ...spec, replicas: OWNED }, await send('PATCH', pathOf(entry), { body, contentType: MERGE }));
			}
		},
		resume: (): void => {
			isWriting = true;
		},
		/** Resolves when no write is in flight. */
		pause: async (): Promise<void> => {
			isWriting = false;
			await inFlight;
		},
	};
}

function randomSpec({ kind, isScaled, possible: [now] }: Entry, random: Random): Spec {
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
		...(kind === 'MCPServer' && { transport: isScaled ? 'sse' : random.pick(TRANSPORTS) }),
		...(kind === 'MCPRemoteProxy' && { transport: random.pick(TRANSPORTS.slice(1)) }),
		replicas: isScaled ? (now?.['replicas'] ?? BEGIN) : random.between(0, 4),
		...(kind === 'MCPServer' && isOf(0.5) && { backendReplicas: random.between(0, 3) }),
		...(storage < 0.5 && { sessionStorage: redis() }),
		...(storage >= 0.5 && storage < 0.7 && { sessionStorage: { provider: 'memory', db: 0 } }),
	};
}

interface Outcome {
	/** The reason for the failure, or undefined if the write was stored or the object does not exist. */
	readonly reason?: string;
	/** Whether a webhook denied the write. A webhook that does not respond does not count as a denial. */
	readonly isDenied: boolean;
	/**
	 * Whether the write may be stored despite the error. The API server may report an error of its own after it stored
	 * the object, but an error from a webhook always precedes the write.
	 */
	readonly isUnsure: boolean;
}

function outcomeOf(answer: ApiAnswer | Error): Outcome {
	if (answer instanceof Error) {
		const reason = `no answer: ${(answer as NodeJS.ErrnoException).code ?? answer.name}`;
		return { reason, isDenied: false, isUnsure: true };
	}
	const { status, body } = answer;
	const message = String(body['message']);
	const isDenied = /^admission webhook .* denied the request/s.test(message);
	if (status < 300 || status === 404) return { isDenied, isUnsure: false };
	const webhook = /failed calling webhook.*: (.*)$/s.exec(message)?.[1];
	if (webhook !== undefined)
		return { reason: `${status}, webhook: ${webhook.replace(/.*: /s, '').slice(0, 60)}`, isDenied, isUnsure: false };
	const reason = isDenied ? message : `${status} ${String(body['reason'] ?? message.slice(0, 40))}`;
	return { reason, isDenied, isUnsure: status >= 500 };
}
