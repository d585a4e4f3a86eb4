/**
 * What we remember of the cluster, kept current by watches, and the questions that are answered from it. Only the few
 * fields that are read are kept: what to keep of an object is passed in.
 */
import { isDeepStrictEqual } from 'node:util';
import { KIND_LIST, KINDS, type Kind, LABEL_MANAGED_BY, LABEL_TOOLHIVE, MANAGED_BY_OPERATOR } from '../api/names.ts';
import type { Autoscaler, Json, ProxyDeployment, RunConfigSummary, Server, ServerRef } from '../api/types.ts';
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
import { startWatch, type Timing, type Watch, type WatchOptions } from './watch.ts';

/** How to read one kind of object. Undefined: nothing to remember of it. */
export interface Projections {
	readonly server: (object: Json) => Server | undefined;
	readonly deployment: (object: Json) => ProxyDeployment | undefined;
	readonly runConfig: (object: Json) => RunConfigSummary | undefined;
	readonly autoscaler: (object: Json) => Autoscaler | undefined;
	/** Equal for servers that share Redis keys. */
	readonly keySpace: (server: Server) => string | undefined;
}

export interface Cache {
	/** From memory, else by one GET. Throws when that GET fails for another reason than 404. */
	readonly findServer: (ref: ServerRef, signal: AbortSignal) => Server | undefined | Promise<Server | undefined>;
	readonly findDeployment: (
		namespace: string,
		name: string,
		signal: AbortSignal,
	) => ProxyDeployment | undefined | Promise<ProxyDeployment | undefined>;
	readonly runConfigNamed: (namespace: string, name: string) => RunConfigSummary | undefined;
	readonly deploymentNamed: (namespace: string, name: string) => ProxyDeployment | undefined;
	/** Those whose target has that name, of whatever kind it is. */
	readonly autoscalersOf: (namespace: string, target: string) => readonly Autoscaler[];
	/** Other servers in the same key space. */
	readonly sharing: (server: Server) => readonly Server[];
	/** Resources that are still missing for an answer to be right. Those that only warnings need may be refused. */
	readonly unsynced: () => readonly string[];
	/** One per watched resource, by its plural name. */
	readonly watches: Readonly<Record<string, Watch>>;
	readonly sizeOf: (resource: string) => number;
	/** Every server that is remembered. */
	readonly servers: () => readonly ServerRef[];
	readonly stop: () => void;
}

/** Look-ups at one time. */
const MOST_LOOKUPS = 100;
const ONLY_FOR_WARNINGS: ReadonlySet<string> = new Set(['configmaps', 'horizontalpodautoscalers']);

type Tell = (message: string, detail: Json) => void;

/** Called with each server about which something changed, also about one of its objects. */
export type Enqueue = (ref: ServerRef) => void;

type Named = { readonly namespace: string; readonly name: string };

const namespacedName = ({ namespace, name }: Named): string => `${namespace}/${name}`;

export function startCache(
	connection: Pick<Connection, 'get' | 'stream'>,
	projections: Projections,
	onTrouble: Tell,
	timing: Partial<Timing> = {},
	onTouched: Enqueue = () => undefined,
	mostLookups = MOST_LOOKUPS,
): Cache {
	const servers = Object.fromEntries(
		KIND_LIST.map((kind) => [kind, createStore<Server>(namespacedName, projections.keySpace)]),
	) as Record<Kind, Store<Server>>;
	const deployments = createStore<ProxyDeployment>(namespacedName);
	const runConfigs = createStore<RunConfigSummary>(namespacedName);
	const autoscalers = createStore<Autoscaler>(namespacedName, ({ namespace, target }) => `${namespace}/${target}`);

	const lookups = createLookupLimiter(mostLookups);
	const watches: Record<string, Watch> = {};
	const sizes: Record<string, () => number> = {};
	const watch = <T extends Named>(
		resource: string,
		store: Store<T>,
		project: (object: Json) => T | undefined,
		paths: readonly string[],
		ownersOf: (value: T) => readonly ServerRef[],
		labelSelector?: string,
	): void => {
		const touch = (value: T | undefined): void => {
			if (value !== undefined) ownersOf(value).forEach(onTouched);
		};
		sizes[resource] = store.size;
		watches[resource] = startWatch({
			connection,
			paths,
			...(labelSelector !== undefined && { labelSelector }),
			project,
			...intoStore(store, project, touch, lookups.learned),
			onTrouble,
			timing,
		});
	};

	for (const kind of KIND_LIST) {
		watch(KINDS[kind].plural, servers[kind], projections.server, serversPaths(kind), (server) => [server]);
	}
	watch(
		'deployments',
		deployments,
		projections.deployment,
		[DEPLOYMENTS_PATH],
		({ owners, labelledFor }) => (labelledFor === undefined ? owners : [labelledFor]),
		`${LABEL_TOOLHIVE}=true`,
	);
	watch(
		'configmaps',
		runConfigs,
		projections.runConfig,
		[CONFIG_MAPS_PATH],
		({ owners }) => owners,
		`${LABEL_MANAGED_BY}=${MANAGED_BY_OPERATOR}`,
	);
	// An autoscaler changes what there is to warn of, and nothing that is written.
	const noOwner = (): readonly ServerRef[] => [];
	watch('horizontalpodautoscalers', autoscalers, projections.autoscaler, [AUTOSCALERS_PATH], noOwner);

	const getServer = async (ref: ServerRef, signal: AbortSignal): Promise<Server | undefined> => {
		// A list told which version is served, so one GET is enough.
		const paths = serverPaths(ref, watches[KINDS[ref.kind].plural]?.servedPath());
		return named(read(await getFirst(connection, paths, signal), projections.server), ref);
	};
	const getDeployment = async (path: string, signal: AbortSignal): Promise<ProxyDeployment | undefined> =>
		read(await getFirst(connection, [path], signal), projections.deployment);

	return {
		findServer: (ref, signal) => {
			const known = () => named(servers[ref.kind].get(namespacedName(ref)), ref);
			return known() ?? lookups.look(known, () => getServer(ref, signal), signal);
		},
		findDeployment: (namespace, name, signal) => {
			const known = () => deployments.get(namespacedName({ namespace, name }));
			return known() ?? lookups.look(known, () => getDeployment(deploymentPath({ namespace, name }), signal), signal);
		},
		runConfigNamed: (namespace, name) => runConfigs.get(namespacedName({ namespace, name })),
		deploymentNamed: (namespace, name) => deployments.get(namespacedName({ namespace, name })),
		autoscalersOf: (namespace, target) => autoscalers.find(`${namespace}/${target}`),
		sharing: (server) => {
			const keySpace = projections.keySpace(server);
			if (keySpace === undefined) return [];
			return KIND_LIST.flatMap((kind) => servers[kind].find(keySpace)).filter(
				(other) => other.kind !== server.kind || namespacedName(other) !== namespacedName(server),
			);
		},
		unsynced: () =>
			Object.entries(watches).flatMap(([resource, watch]) =>
				watch.hasSynced() || (watch.isRefused() && ONLY_FOR_WARNINGS.has(resource)) ? [] : [resource],
			),
		watches,
		servers: () => KIND_LIST.flatMap((kind) => servers[kind].values()),
		sizeOf: (resource) => sizes[resource]?.() ?? 0,
		stop: () => {
			lookups.stop();
			for (const one of Object.values(watches)) one.stop();
		},
	};
}

const read = <T>(object: Json | undefined, project: (object: Json) => T | undefined): T | undefined =>
	object === undefined ? undefined : project(object);

/** `server` if `ref` has no uid, or the same. */
const named = (server: Server | undefined, { uid }: ServerRef): Server | undefined =>
	uid === undefined || server?.uid === uid ? server : undefined;

/** What a watch does to `store`. `touch` gets each object that was added, changed or deleted; `onStored` is called after each change. */
const intoStore = <T extends Named>(
	store: Store<T>,
	project: (object: Json) => T | undefined,
	touch: (value: T | undefined) => void,
	onStored: () => void,
): Pick<WatchOptions<T>, 'onList' | 'onChange' | 'onDelete'> => ({
	onList: (values) => {
		store.replace(values);
		onStored();
		values.forEach(touch);
	},
	onChange: (item) => {
		const before = store.get(keyOf(item));
		const value = project(item);
		if (!isOnlyStatus(before, value)) touch(value ?? before);
		if (value === undefined) store.delete(keyOf(item));
		else store.set(value);
		onStored();
	},
	onDelete: (item) => {
		touch(store.get(keyOf(item)));
		store.delete(keyOf(item));
	},
});

/** Only the status of a Deployment changed, as it does with every pod that comes and goes. */
const isOnlyStatus = (before: object | undefined, after: object | undefined): boolean =>
	before !== undefined &&
	after !== undefined &&
	'generation' in before &&
	'generation' in after &&
	before.generation === after.generation &&
	'owners' in before &&
	'owners' in after &&
	isDeepStrictEqual(before.owners, after.owners);

function keyOf(object: Json): string {
	const metadata = object['metadata'] as { namespace?: string; name?: string } | undefined;
	return namespacedName({ namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' });
}
