/** A watch of a scripted API server, with delays short enough to wait for. */

import type { Json } from '../../../src/api/types.ts';
import { type Connection, connect } from '../../../src/cluster/connect.ts';
import { startWatch, type Timing, type Watch, type WatchOptions } from '../../../src/cluster/watch.ts';
import { writeKubeconfig } from '../../harness/kubeconfig.ts';
import {
	type Fault,
	PATH,
	type Protocol,
	type ScriptedApiServer,
	startScriptedApiServer,
} from '../../harness/scripted-api-server.ts';
import { until } from '../../harness/until.ts';

export const TIMING: Timing = {
	firstBackoffMs: 20,
	longestBackoffMs: 200,
	absentMs: 50,
	idleTimeoutMs: 60_000,
	watchSeconds: 240,
	relistMs: 3_600_000,
};

export interface Following {
	readonly api: ScriptedApiServer;
	readonly connection: Connection;
	readonly watch: Watch;
	/** What the watch told, by name. */
	readonly store: Map<string, Json>;
	/** Its troubles. */
	readonly told: string[];
	/** Resolves when the store holds what the API server holds. */
	readonly agrees: () => Promise<void>;
}

export type Options = Partial<Omit<WatchOptions<Json>, 'timing'>> & { readonly timing?: Partial<Timing> };

export interface Follower {
	readonly follow: (options?: Options, prepare?: (api: ScriptedApiServer) => void) => Promise<Following>;
	/** A watch that is up, with the objects `one` and `two` seen. */
	readonly following: (options?: Options) => Promise<Following>;
	readonly endAll: () => Promise<void>;
}

export function createFollower(protocol: Protocol): Follower {
	const endings: (() => unknown)[] = [];

	async function follow(options: Options = {}, prepare?: (api: ScriptedApiServer) => void): Promise<Following> {
		const api = await startScriptedApiServer(protocol);
		prepare?.(api);
		const kubeconfig = writeKubeconfig(api.url, api.ca);
		const connection = await connect(kubeconfig.path);
		const store = new Map<string, Json>();
		const told: string[] = [];
		const watch = startWatch({
			connection,
			paths: [PATH],
			project: (item) => item,
			onList: (items) => {
				store.clear();
				for (const item of items) store.set(nameOf(item), item);
			},
			onChange: (item) => void store.set(nameOf(item), item),
			onDelete: (item) => void store.delete(nameOf(item)),
			warn: (message) => void told.push(message),
			...options,
			timing: { ...TIMING, ...options.timing },
		});
		endings.push(kubeconfig.remove, api.stop, () => connection.close(), watch.stop);
		const agrees = (): Promise<void> =>
			until(() => watch.hasSynced() && textOf([...store.values()]) === textOf(api.items()));
		return { api, connection, watch, store, told, agrees };
	}

	return {
		follow,
		following: async (options) => {
			const all = await follow(options, (api) => {
				api.put('one');
				api.put('two');
			});
			await all.agrees();
			await until(() => all.api.openWatches() === 1);
			return all;
		},
		endAll: async () => {
			for (const end of endings.splice(0).reverse()) await end();
		},
	};
}

const nameOf = (item: Json): string => String((item['metadata'] as Json)['name']);

const textOf = (items: Json[]): string => JSON.stringify(items.sort((a, b) => nameOf(a).localeCompare(nameOf(b))));

export const refuseWith =
	(status: number): Fault =>
	({ refuse }) =>
		refuse(status);

export const writing =
	(text: string): Fault =>
	({ write, end }) => {
		write(text);
		end();
	};

export const resetting: Fault = ({ reset }) => reset();
