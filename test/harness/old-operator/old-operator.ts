/**
 * Simulates ToolHive's operator v0.12.5, the last version without the scaling fields, against a real API server. The
 * simulation covers the writes of the operator, their order, the comparisons before them and the requeues. This folder
 * shares no code with the product, so that tests detect wrong names in the product.
 *
 * Simulated are only the fields of servers that tests and examples set. Not simulated are other kinds, Roles, Events,
 * Secrets, updates of Services, and the delay of a watch cache, because all reads go to the API server.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../control-plane/start.ts';
import { createClient, type OnWrite, type Write } from './client.ts';
import { DEFAULT_IMAGES, type Images, KIND_LIST, KINDS, type Kind } from './kinds.ts';
import type { ServerObject } from './objects.ts';
import { reconcile } from './reconcile.ts';

export interface Summary {
	/** Whether the last rounds changed no stored object and had no errors. A round reconciles every server once. */
	readonly converged: boolean;
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

export type OldOperator = ReturnType<typeof createOldOperator>;

const API_VERSION = 'toolhive.stacklok.dev/v1alpha1';
/** Number of consecutive rounds without changes and errors after which `settle` ends. */
const QUIET_ROUNDS = 3;
const PAUSE_MS = 50;

export function createOldOperator(
	plane: ControlPlane,
	namespace: string,
	{ images = DEFAULT_IMAGES, onWrite }: { readonly images?: Images; readonly onWrite?: OnWrite } = {},
) {
	const client = createClient(plane, namespace, onWrite);

	/**
	 * Reconciles one server once. Throws if the API server returns an error. Resolves with true if the operator would
	 * reconcile the server again soon, even without a change.
	 */
	const reconcileOne = async (kind: Kind, name: string): Promise<boolean> => {
		const server = await client.get<ServerObject>(API_VERSION, KINDS[kind].plural, name);
		return server !== undefined && reconcile(client, images, kind, server);
	};
	const round = async (): Promise<Pick<Summary, 'idleWrites' | 'requeued' | 'errors'>> => {
		const sentBefore = client.writes.length;
		const requeued: string[] = [];
		const errors: string[] = [];
		for (const kind of KIND_LIST) {
			for (const { metadata } of await client.list<ServerObject>(API_VERSION, KINDS[kind].plural)) {
				const id = `${kind}/${metadata.name}`;
				try {
					if (await reconcileOne(kind, metadata.name)) requeued.push(id);
				} catch (error) {
					errors.push(`${id}: ${(error as Error).message}`);
				}
			}
		}
		return { idleWrites: client.writes.slice(sentBefore), requeued, errors };
	};

	/** Reconciles all servers of the namespace until nothing changes, for at most `timeoutMs`. */
	const settle = async (timeoutMs: number): Promise<Summary> => {
		const deadlineMs = Date.now() + timeoutMs;
		const sentBefore = client.writes.length;
		let quietRounds = 0;
		for (;;) {
			const last = await round();
			const quiet = last.errors.length === 0 && last.idleWrites.every((write) => !write.changed);
			quietRounds = quiet ? quietRounds + 1 : 0;
			const converged = quietRounds >= QUIET_ROUNDS;
			if (converged || Date.now() > deadlineMs) return { converged, writes: client.writes.slice(sentBefore), ...last };
			await sleep(PAUSE_MS);
		}
	};
	return { ...client, reconcile: reconcileOne, settle };
}
