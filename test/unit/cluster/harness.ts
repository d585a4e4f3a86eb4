/** Watches a scripted API server, with delays that are short enough for tests. */
import type { Json } from '../../../src/api/types.ts';
import { connect } from '../../../src/cluster/connect.ts';
import { startWatch, type Timing, type WatchOptions } from '../../../src/cluster/watch.ts';
import { writeKubeconfig } from '../../harness/kubeconfig.ts';
import {
	type Fault,
	PATH,
	type Protocol,
	type ScriptedApiServer,
	startScriptedApiServer,
} from '../../harness/scripted-api-server.ts';
import { until } from '../../harness/until.ts';

const TIMING: Timing = {
	firstBackoffMs: 20,
	longestBackoffMs: 200,
	absentMs: 50,
	idleTimeoutMs: 60_000,
	watchSeconds: 240,
	relistMs: 3_600_000,
};

type Options = Partial<Pick<WatchOptions<Json>, 'labelSelector'>> & { readonly timing?: Partial<Timing> };

export const prepareTwo = (api: ScriptedApiServer): void => {
	api.put('one');
	api.put('two');
};

export function createHarness(protocol: Protocol = 'HTTP/2') {
	const endings: (() => unknown)[] = [];

	/** Calls `prepare` before the first request. Without `prepare`, there are two objects, and the watch is open. */
	async function start(options: Options = {}, prepare?: (api: ScriptedApiServer) => void) {
		const api = await startScriptedApiServer(protocol);
		(prepare ?? prepareTwo)(api);
		const kubeconfig = writeKubeconfig(api.url, api.ca);
		const connection = await connect(kubeconfig.path);
		/** The objects that the watch has reported, by name. */
		const store = new Map<string, Json>();
		/** The messages that the watch has logged. */
		const warnings: string[] = [];
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
			warn: (message) => void warnings.push(message),
			...options,
			timing: { ...TIMING, ...options.timing },
		});
		endings.push(kubeconfig.remove, api.stop, connection.close, watch.stop);
		/** Resolves when the store has the same objects as the API server. */
		const inSync = (): Promise<void> =>
			until(() => watch.hasSynced() && textOf([...store.values()]) === textOf(api.items()));
		if (prepare === undefined) {
			await inSync();
			await until(() => api.openWatches() === 1);
		}
		/** Returns `list` or `watch` for each request, in order. */
		const requests = (): string => api.asked.map(({ kind }) => kind).join(' ');
		return { api, watch, store, warnings, inSync, requests };
	}

	const stopAll = async (): Promise<void> => {
		for (const end of endings.splice(0).reverse()) await end();
	};
	return { start, stopAll };
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
