/**
 * What we remember of the cluster, kept current by watches, and the questions that are answered from it. Only the few
 * fields that are read are kept: what to keep of an object is passed in.
 */
import {
	GROUP,
	KIND_LIST,
	KINDS,
	type Kind,
	LABEL_MANAGED_BY,
	LABEL_TOOLHIVE,
	MANAGED_BY_OPERATOR,
	VERSIONS,
} from '../toolhive/names.ts';
import type { Autoscaler, Json, ProxyDeployment, RunConfigSummary, Server, ServerRef } from '../toolhive/types.ts';
import { ApiError, type Connection } from './connect.ts';
import { createStore, type Store } from './store.ts';
import { startWatch, type Timing, type Watch } from './watch.ts';

/** How to read one kind of object. Undefined: nothing to remember of it. */
export interface Projections {
	readonly server: (object: Json) => Server | undefined;
	readonly deployment: (object: Json) => ProxyDeployment | undefined;
	readonly runConfig: (object: Json) => RunConfigSummary | undefined;
	readonly autoscaler: (object: Json) => Autoscaler | undefined;
	/** Equal for servers that share Redis keys. */
	readonly keySpace: (server: Server) => string | undefined;
}

export interface Memory {
	/** From memory, else by one GET. Throws when that GET fails for another reason than 404. */
	readonly findServer: (ref: ServerRef, signal: AbortSignal) => Server | undefined | Promise<Server | undefined>;
	readonly findDeployment: (
		namespace: string,
		name: string,
		signal: AbortSignal,
	) => ProxyDeployment | undefined | Promise<ProxyDeployment | undefined>;
	readonly runConfigNamed: (namespace: string, name: string) => RunConfigSummary | undefined;
	readonly deploymentNamed: (namespace: string, name: string) => ProxyDeployment | undefined;
	/** An autoscaler of the Deployment with that name. */
	readonly autoscalerOf: (namespace: string, deployment: string) => Autoscaler | undefined;
	/** Other servers in the same key space. */
	readonly sharing: (server: Server) => readonly Server[];
	/** One per watched resource, by its plural name. */
	readonly watches: Readonly<Record<string, Watch>>;
	readonly sizeOf: (resource: string) => number;
	readonly stop: () => void;
}

type Tell = (message: string, detail: Json) => void;

const namespacedName = ({ namespace, name }: { namespace: string; name: string }): string => `${namespace}/${name}`;

const pathsOf = (kind: Kind): string[] => VERSIONS.map((version) => `/apis/${GROUP}/${version}/${KINDS[kind].plural}`);

export function remember(
	connection: Pick<Connection, 'get' | 'stream'>,
	projections: Projections,
	onTrouble: Tell,
	timing: Partial<Timing> = {},
): Memory {
	const servers = Object.fromEntries(
		KIND_LIST.map((kind) => [kind, createStore<Server>(namespacedName, projections.keySpace)]),
	) as Record<Kind, Store<Server>>;
	const deployments = createStore<ProxyDeployment>(namespacedName);
	const runConfigs = createStore<RunConfigSummary>(namespacedName);
	const autoscalers = createStore<Autoscaler>(namespacedName, ({ namespace, target }) => `${namespace}/${target}`);

	const watches: Record<string, Watch> = {};
	const sizes: Record<string, () => number> = {};
	const watch = <T extends { namespace: string; name: string }>(
		resource: string,
		store: Store<T>,
		project: (object: Json) => T | undefined,
		paths: readonly string[],
		labelSelector?: string,
	): void => {
		sizes[resource] = store.size;
		watches[resource] = startWatch({
			connection,
			paths,
			...(labelSelector !== undefined && { labelSelector }),
			onList: (items) => store.replace(items.flatMap((item) => project(item) ?? [])),
			onChange: (item) => {
				const value = project(item);
				if (value === undefined) store.delete(keyOf(item));
				else store.set(value);
			},
			onDelete: (item) => store.delete(keyOf(item)),
			onTrouble,
			timing,
		});
	};

	for (const kind of KIND_LIST) watch(KINDS[kind].plural, servers[kind], projections.server, pathsOf(kind));
	watch('deployments', deployments, projections.deployment, ['/apis/apps/v1/deployments'], `${LABEL_TOOLHIVE}=true`);
	watch(
		'configmaps',
		runConfigs,
		projections.runConfig,
		['/api/v1/configmaps'],
		`${LABEL_MANAGED_BY}=${MANAGED_BY_OPERATOR}`,
	);
	watch('horizontalpodautoscalers', autoscalers, projections.autoscaler, [
		'/apis/autoscaling/v2/horizontalpodautoscalers',
	]);

	const getServer = async ({ kind, namespace, name }: ServerRef, signal: AbortSignal): Promise<Server | undefined> => {
		const { plural } = KINDS[kind];
		// A list told which version is served, so one GET is enough.
		const served = watches[plural]?.servedPath();
		const paths = (served === undefined ? pathsOf(kind) : [served]).map(
			(path) => `${path.slice(0, -plural.length)}namespaces/${namespace}/${plural}/${name}`,
		);
		const object = await getFirst(connection, paths, signal);
		return object === undefined ? undefined : projections.server(object);
	};
	const isNamed = (server: Server | undefined, { uid }: ServerRef): server is Server =>
		server !== undefined && (uid === undefined || server.uid === uid);

	return {
		findServer: (ref, signal) => {
			const known = servers[ref.kind].get(namespacedName(ref));
			if (isNamed(known, ref)) return known;
			return getServer(ref, signal).then((server) => (isNamed(server, ref) ? server : undefined));
		},
		findDeployment: (namespace, name, signal) => {
			const known = deployments.get(namespacedName({ namespace, name }));
			if (known !== undefined) return known;
			return getFirst(connection, [`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`], signal).then(
				(object) => (object === undefined ? undefined : projections.deployment(object)),
			);
		},
		runConfigNamed: (namespace, name) => runConfigs.get(namespacedName({ namespace, name })),
		deploymentNamed: (namespace, name) => deployments.get(namespacedName({ namespace, name })),
		autoscalerOf: (namespace, deployment) => autoscalers.find(`${namespace}/${deployment}`)[0],
		sharing: (server) => {
			const keySpace = projections.keySpace(server);
			if (keySpace === undefined) return [];
			return KIND_LIST.flatMap((kind) => servers[kind].find(keySpace)).filter(
				(other) => other.kind !== server.kind || namespacedName(other) !== namespacedName(server),
			);
		},
		watches,
		sizeOf: (resource) => sizes[resource]?.() ?? 0,
		stop: () => {
			for (const one of Object.values(watches)) one.stop();
		},
	};
}

/** The first of `paths` that is there. */
async function getFirst(
	connection: Pick<Connection, 'get'>,
	paths: readonly string[],
	signal: AbortSignal,
): Promise<Json | undefined> {
	for (const path of paths) {
		try {
			return (await connection.get(path, signal)) as Json;
		} catch (error) {
			if (!(error instanceof ApiError) || error.status !== 404) throw error;
		}
	}
	return undefined;
}

function keyOf(object: Json): string {
	const metadata = object['metadata'] as { namespace?: string; name?: string } | undefined;
	return namespacedName({ namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' });
}
