/**
 * Simulates ToolHive's operator v0.12.5, the last version without the scaling fields, against a real API server. The
 * simulation covers the writes of the operator, their order, the comparisons before them and the requeues. This folder
 * shares no code with the product, so that tests detect wrong names in the product.
 *
 * Not simulated:
 * - telemetry, authorization, tool configs, external auth, permission profiles other than `network`
 * - podTemplateSpec, user volumes, Secrets of the backend, restart annotations
 * - OpenShift, Roles, Events
 * - the delay of a watch cache, because all reads go to the API server
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, type ClientOptions, createClient, type Write } from './client.ts';
import { reconcileMcpRemoteProxy } from './mcp-remote-proxy.ts';
import { reconcileMcpServer } from './mcp-server.ts';
import type { ServerObject } from './objects.ts';
import { reconcileVirtualMcpServer } from './virtual-mcp-server.ts';

export type { Write } from './client.ts';

export interface Images {
	/** Image of the proxy runner, which MCPServer and MCPRemoteProxy use. */
	readonly runner: string;
	readonly vmcp: string;
}

export interface Context {
	readonly client: Client;
	readonly images: Images;
}

/** `requeue` is true if the operator would reconcile the server again soon, even without a change. */
export interface Result {
	readonly requeue: boolean;
}

const RECONCILERS = {
	MCPServer: { plural: 'mcpservers', reconcile: reconcileMcpServer },
	VirtualMCPServer: { plural: 'virtualmcpservers', reconcile: reconcileVirtualMcpServer },
	MCPRemoteProxy: { plural: 'mcpremoteproxies', reconcile: reconcileMcpRemoteProxy },
} as const;

export type Kind = keyof typeof RECONCILERS;

export interface Summary {
	/** Whether the last rounds changed no stored object and had no errors. A round reconciles every server once. */
	readonly converged: boolean;
	readonly rounds: number;
	/** All writes since the call of `settle`. */
	readonly writes: readonly Write[];
	/**
	 * Writes of the last round. If `converged` is true, the operator repeats these writes in every round without
	 * effect.
	 */
	readonly idleWrites: readonly Write[];
	/** Servers that the last round requeued, in the form `MCPServer/search`. */
	readonly requeued: readonly string[];
	/** Errors of the last round, in the form `MCPServer/search: message`. */
	readonly errors: readonly string[];
}

export interface OldOperator {
	/** Reconciles one server once. Throws if the API server returns an error. Ignores a server that does not exist. */
	readonly reconcile: (kind: Kind, name: string) => Promise<Result>;
	/** Reconciles all servers of the namespace until nothing changes, for at most `timeoutMs`. */
	readonly settle: (timeoutMs: number) => Promise<Summary>;
	/** All writes since the operator was created. */
	readonly writes: readonly Write[];
	/** Closes the connections to the API server. */
	readonly close: () => Promise<void>;
}

export interface OldOperatorOptions extends ClientOptions {
	readonly images?: Partial<Images>;
}

const API_VERSION = 'toolhive.stacklok.dev/v1alpha1';
const DEFAULT_IMAGES: Images = {
	runner: 'ghcr.io/stacklok/toolhive/proxyrunner:v0.12.5',
	vmcp: 'ghcr.io/stacklok/toolhive/vmcp:v0.12.5',
};
/** Number of consecutive rounds without changes and errors after which `settle` ends. */
const QUIET_ROUNDS = 3;
/**
 * Delays between rounds. The first delay is the first requeue delay of controller-runtime. The largest delay is shorter
 * than in controller-runtime, because tests do not need a longer delay.
 */
const FIRST_BACKOFF_MS = 5;
const LARGEST_BACKOFF_MS = 200;

export function createOldOperator(options: OldOperatorOptions): OldOperator {
	const client = createClient(options);
	const context: Context = { client, images: { ...DEFAULT_IMAGES, ...options.images } };

	const reconcile = async (kind: Kind, name: string): Promise<Result> => {
		const { plural, reconcile: reconcileKind } = RECONCILERS[kind];
		const server = await client.get<ServerObject>(API_VERSION, plural, name);
		return server === undefined ? { requeue: false } : reconcileKind(context, server);
	};

	const round = async (): Promise<Pick<Summary, 'idleWrites' | 'requeued' | 'errors'>> => {
		const sentBefore = client.writes.length;
		const requeued: string[] = [];
		const errors: string[] = [];
		for (const kind of Object.keys(RECONCILERS) as Kind[]) {
			for (const server of await client.list<ServerObject>(API_VERSION, RECONCILERS[kind].plural)) {
				const id = `${kind}/${server.metadata.name}`;
				try {
					if ((await reconcile(kind, server.metadata.name)).requeue) requeued.push(id);
				} catch (error) {
					errors.push(`${id}: ${error instanceof Error ? error.message : String(error)}`);
				}
			}
		}
		return { idleWrites: client.writes.slice(sentBefore), requeued, errors };
	};

	const settle = async (timeoutMs: number): Promise<Summary> => {
		const deadlineMs = Date.now() + timeoutMs;
		const sentBefore = client.writes.length;
		let quietRounds = 0;
		let backoffMs = FIRST_BACKOFF_MS;
		for (let rounds = 1; ; rounds += 1) {
			const last = await round();
			const quiet = last.errors.length === 0 && last.idleWrites.every((write) => !write.changed);
			quietRounds = quiet ? quietRounds + 1 : 0;
			const converged = quietRounds >= QUIET_ROUNDS;
			if (converged || Date.now() > deadlineMs) {
				return { converged, rounds, writes: client.writes.slice(sentBefore), ...last };
			}
			await sleep(backoffMs);
			backoffMs = Math.min(backoffMs * 2, LARGEST_BACKOFF_MS);
		}
	};

	return { reconcile, settle, writes: client.writes, close: client.close };
}
