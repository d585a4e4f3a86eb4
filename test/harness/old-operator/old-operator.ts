/**
 * Plays ToolHive's operator v0.12.5, the last one that knows nothing of scaling, against a real API server: what it writes, in
 * which order, what it compares and when it writes again. It shares no code with the product, so that a wrong name there is seen.
 *
 * Not played: telemetry, authorization, tool configs, external auth, podTemplateSpec, user volumes, Secrets of the backend,
 * permission profiles other than `network`, OpenShift, Roles, restart annotations, Events, and the lag of a watch cache (reads are
 * direct).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, type ClientOptions, createClient, type Write } from './client.ts';
import { reconcileMcpRemoteProxy } from './mcp-remote-proxy.ts';
import { reconcileMcpServer } from './mcp-server.ts';
import type { ServerObject } from './objects.ts';
import { reconcileVirtualMcpServer } from './virtual-mcp-server.ts';

export type { Write } from './client.ts';

export interface Images {
	/** Proxy runner of MCPServer and MCPRemoteProxy. */
	readonly runner: string;
	readonly vmcp: string;
}

export interface Context {
	readonly client: Client;
	readonly images: Images;
}

/** Whether the operator's queue would bring the server back soon without any change. */
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
	/** Whole rounds over every server in which nothing stored changed and nothing failed came last. */
	readonly converged: boolean;
	readonly rounds: number;
	/** Everything that was sent while settling. */
	readonly writes: readonly Write[];
	/** What is sent in every single round although nothing changes by it: the last round's writes. */
	readonly idleWrites: readonly Write[];
	/** `MCPServer/search` of those that asked to come back in the last round. */
	readonly requeued: readonly string[];
	/** Refusals of the last round, `MCPServer/search: message`. */
	readonly errors: readonly string[];
}

export interface OldOperator {
	/** One pass over one server. Throws what the API server refused; a server that does not exist is done. */
	readonly reconcile: (kind: Kind, name: string) => Promise<Result>;
	/** Passes over all servers of the namespace until it is quiet, at most `timeoutMs`. */
	readonly settle: (timeoutMs: number) => Promise<Summary>;
	/** Everything sent so far. */
	readonly writes: readonly Write[];
	/** Lets go of the connections. */
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
/** So many rounds without a change count as quiet. */
const QUIET_ROUNDS = 3;
/** controller-runtime's first and largest delay of a server that failed or asked to come back; ours need not grow as long. */
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
