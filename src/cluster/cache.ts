/**
 * The watch cache keeps a projection of each object that the webhooks and the reconciler need. Watches keep the cache
 * current.
 */
import { isDeepStrictEqual } from 'node:util';
import { KIND_LIST, KINDS, type Kind, LABEL_MANAGED_BY, LABEL_TOOLHIVE, MANAGED_BY_OPERATOR } from '../api/names.ts';
import {
	type Autoscaler,
	type Json,
	metadataOf,
	type ProxyDeployment,
	type RunConfigSummary,
	type Server,
	type ServerRef,
} from '../api/types.ts';
import { type Connection, getFirst } from './connect.ts';
import { createLookupLimiter } from './lookups.ts';
import {
	AUTOSCALERS_PATH,
	CONFIG_MAPS_PATH,
	DEPLOYMENTS_PATH,
	deploymentPath,
	serverPaths,
	serversPaths,
} from './paths.ts';
import { createStore, type Store } from './store.ts';
import { startWatch, type Timing, type Warn, type Watch, type WatchOptions } from './watch.ts';

/** The part of each object that the cache keeps; undefined means that the object is not kept. */
export interface Projections {
	readonly server: (object: Json) => Server | undefined;
	readonly deployment: (object: Json) => ProxyDeployment | undefined;
	readonly runConfig: (object: Json) => RunConfigSummary | undefined;
	readonly autoscaler: (object: Json) => Autoscaler | undefined;
	/** Returns the same text for servers that share Redis keys. */
	readonly keySpace: (server: Server) => string | undefined;
}

export interface Cache {
	/** Returns the server from the cache, else by one GET. Throws if that GET fails for another reason than 404. */
	readonly findServer: (ref: ServerRef, signal: AbortSignal) => Server | undefined | Promise<Server | undefined>;
	readonly findDeployment: (
		namespace: string,
		name: string,
		signal: AbortSignal,
	) => ProxyDeployment | undefined | Promise<ProxyDeployment | undefined>;
	readonly runConfigNamed: (namespace: string, name: string) => RunConfigSummary | undefined;
	readonly deploymentNamed: (namespace: string, name: string) => ProxyDeployment | undefined;
	/** Returns the autoscalers whose target has that name, whatever its kind. */
	readonly autoscalersOf: (namespace: string, target: string) => readonly Autoscaler[];
	/** Returns the other servers in the same key space. */
	readonly sharesKeySpaceWith: (server: Server) => readonly Server[];
	/**
	 * Returns the resources that are not synced and without which a decision could be wrong. Resources needed only for
	 * warnings may be forbidden.
	 */
	readonly unsynced: () => readonly string[];
	/** The watches, by the plural name of their resource. */
	readonly watches: Readonly<Record<string, Watch>>;
	readonly sizeOf: (resource: string) => number;
	readonly servers: () => readonly ServerRef[];
	readonly stop: () => void;
}

const DEFAULT_MAX_LOOKUPS = 100;
const ONLY_FOR_WARNINGS: ReadonlySet<string> = new Set(['configmaps', 'horizontalpodautoscalers']);

/** Called with each server that has changed, and with each server one of whose objects has changed. */
export type Enqueue = (ref: ServerRef) => void;

type Named = { readonly namespace: string; readonly name: string };

const namespacedName = ({ namespace, name }: Named): string => `${namespace}/${name}`;

export function startCache(
	connection: Pick<Connection, 'get' | 'stream'>,
	projections: Projections,
	warn: Warn,
	timing: Partial<Timing> = {},
	enqueue: Enqueue = () => undefined,
	maxLookups = DEFAULT_MAX_LOOKUPS,
): Cache {
	const lookups = createLookupLimiter(maxLookups);
	const start: Start = (resource) =>
		startWatchedStore(resource, { connection, warn, timing }, enqueue, lookups.recheck);
	const { servers, deployments, runConfigs, autoscalers } = startStores(projections, start);
	const stores: Record<string, { readonly watch: Watch; readonly size: () => number }> = {
		...Object.fromEntries(KIND_LIST.map((kind) => [KINDS[kind].plural, servers[kind]])),
		deployments,
		configmaps: runConfigs,
		horizontalpodautoscalers: autoscalers,
	};
	const watches = Object.fromEntries(Object.entries(stores).map(([resource, { watch }]) => [resource, watch]));

	return {
		findServer: (ref, signal) => {
			const cached = () => withUid(servers[ref.kind].get(namespacedName(ref)), ref);
			const request = async () => {
				// The list has shown which version is served, so one GET is enough.
				const object = await getFirst(connection, serverPaths(ref, servers[ref.kind].watch.servedPath()), signal);
				return withUid(object && projections.server(object), ref);
			};
			return cached() ?? lookups.lookUp(cached, request, signal);
		},
		findDeployment: (namespace, name, signal) => {
			const cached = () => deployments.get(namespacedName({ namespace, name }));
			const request = async () => {
				const object = await getFirst(connection, [deploymentPath({ namespace, name })], signal);
				return object && projections.deployment(object);
			};
			return cached() ?? lookups.lookUp(cached, request, signal);
		},
		runConfigNamed: (namespace, name) => runConfigs.get(namespacedName({ namespace, name })),
		deploymentNamed: (namespace, name) => deployments.get(namespacedName({ namespace, name })),
		autoscalersOf: (namespace, target) => autoscalers.find(`${namespace}/${target}`),
		sharesKeySpaceWith: (server) => {
			const keySpace = projections.keySpace(server);
			if (keySpace === undefined) return [];
			return KIND_LIST.flatMap((kind) => servers[kind].find(keySpace)).filter(
				(other) => other.kind !== server.kind || namespacedName(other) !== namespacedName(server),
			);
		},
		unsynced: () =>
			Object.entries(watches).flatMap(([resource, watch]) =>
				watch.hasSynced() || (watch.isForbidden() && ONLY_FOR_WARNINGS.has(resource)) ? [] : [resource],
			),
		watches,
		servers: () => KIND_LIST.flatMap((kind) => servers[kind].values()),
		sizeOf: (resource) => stores[resource]?.size() ?? 0,
		stop: () => {
			for (const watch of Object.values(watches)) watch.stop();
		},
	};
}

type Start = <T extends Named>(resource: WatchedResource<T>) => WatchedStore<T>;

function startStores(projections: Projections, start: Start) {
	const servers = Object.fromEntries(
		KIND_LIST.map((kind) => [
			kind,
			start({
				paths: serversPaths(kind),
				project: projections.server,
				indexOf: projections.keySpace,
				serversOf: (server) => [server],
			}),
		]),
	) as Record<Kind, WatchedStore<Server>>;
	const deployments = start({
		paths: [DEPLOYMENTS_PATH],
		labelSelector: `${LABEL_TOOLHIVE}=true`,
		project: projections.deployment,
		serversOf: ({ owners, labelledFor }) => (labelledFor === undefined ? owners : [labelledFor]),
	});
	const runConfigs = start({
		paths: [CONFIG_MAPS_PATH],
		labelSelector: `${LABEL_MANAGED_BY}=${MANAGED_BY_OPERATOR}`,
		project: projections.runConfig,
		serversOf: ({ owners }) => owners,
	});
	const autoscalers = start({
		paths: [AUTOSCALERS_PATH],
		project: projections.autoscaler,
		indexOf: ({ namespace, target }) => `${namespace}/${target}`,
		// An autoscaler affects warnings only, so the reconciler need not reconcile its server.
		serversOf: () => [],
	});
	return { servers, deployments, runConfigs, autoscalers };
}

/** Returns `server` if `ref` has no uid or the same uid. */
const withUid = (server: Server | undefined, { uid }: ServerRef): Server | undefined =>
	uid === undefined || server?.uid === uid ? server : undefined;

interface WatchedResource<T> extends Pick<WatchOptions<T>, 'paths' | 'labelSelector' | 'project'> {
	/** The index function of `createStore`. */
	readonly indexOf?: (value: T) => string | undefined;
	/** Returns the servers to enqueue if the object changes. */
	readonly serversOf: (value: T) => readonly ServerRef[];
}

interface WatchedStore<T> extends Store<T> {
	readonly watch: Watch;
}

/** Starts a watch whose objects are stored. `onStored` is called after each change of the store. */
function startWatchedStore<T extends Named>(
	{ indexOf, serversOf, ...resource }: WatchedResource<T>,
	options: Pick<WatchOptions<T>, 'connection' | 'warn' | 'timing'>,
	enqueue: Enqueue,
	onStored: () => void,
): WatchedStore<T> {
	const store = createStore<T>(namespacedName, indexOf);
	const enqueueServers = (value: T | undefined): void => {
		if (value !== undefined) serversOf(value).forEach(enqueue);
	};
	const watch = startWatch({
		...resource,
		...options,
		onList: (values) => {
			store.replace(values);
			onStored();
			values.forEach(enqueueServers);
		},
		onChange: (item) => {
			const key = keyOf(item);
			const before = store.get(key);
			const value = resource.project(item);
			if (!isOnlyStatus(before, value)) enqueueServers(value ?? before);
			if (value === undefined) store.delete(key);
			else store.set(value);
			onStored();
		},
		onDelete: (item) => {
			enqueueServers(store.get(keyOf(item)));
			store.delete(keyOf(item));
		},
	});
	return { ...store, watch };
}

/**
 * Whether only the status of a Deployment changed, as with every Pod that starts or ends: the generation is the same.
 */
const isOnlyStatus = (before: object | undefined, after: object | undefined): boolean =>
	after !== undefined && 'generation' in after && isDeepStrictEqual(before, after);

const keyOf = (object: Json): string => {
	const { namespace = '', name = '' } = metadataOf(object) as Partial<Named>;
	return namespacedName({ namespace, name });
};
