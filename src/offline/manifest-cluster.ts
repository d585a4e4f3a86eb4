/**
 * Treats the input as a cluster: `serve` reads other objects from its caches, and `review` reads them from the other
 * manifests.
 */
import type { Cluster } from '../admission/cluster.ts';
import { isOlder, type Version } from '../api/images.ts';
import { GROUP } from '../api/names.ts';
import { OPERATOR_SINCE } from '../api/operators.ts';
import {
	type Autoscaler,
	type Json,
	metadataOf,
	type ProxyDeployment,
	type RunConfigSummary,
	type Server,
	type ServerRef,
} from '../api/types.ts';
import { autoscalerOf } from '../objects/autoscaler.ts';
import { configMapSuffixOf, runConfigSummaryOf } from '../objects/config-map.ts';
import { proxyDeploymentOf } from '../objects/deployment.ts';
import { namespaceOf } from '../objects/metadata.ts';
import { serverOf } from '../objects/server.ts';
import { keySpaceOf } from '../policy/key-space.ts';

export interface ManifestCluster {
	readonly add: (object: Json, file: string, line: number) => void;
	/**
	 * Returns the cluster for objects in `file`. If two objects have the same name, it contains the one in the same file,
	 * else the first.
	 */
	readonly from: (file: string) => Cluster;
	/**
	 * Returns the cluster for objects that the operator has yet to create for `server`, which is written in `apiVersion`.
	 */
	readonly previewFrom: (file: string, server: Server, apiVersion: unknown) => Cluster;
	readonly deploymentNamed: (file: string, namespace: string, name: string) => ProxyDeployment | undefined;
	readonly hasConfigMap: (file: string, namespace: string, name: string) => boolean;
	/** Returns the positions of the servers that a reference may refer to. */
	readonly placesOf: (ref: ServerRef) => readonly Place[];
}

export interface Place {
	readonly file: string;
	readonly line: number;
}

interface Placed<T> extends Place {
	readonly value: T;
}

type Index<T> = Map<string, Placed<T>[]>;

const createIndexes = () => ({
	servers: new Map() as Index<Server>,
	/** The servers by their key space. */
	byKeySpace: new Map() as Index<Server>,
	deployments: new Map() as Index<ProxyDeployment>,
	runConfigs: new Map() as Index<Pick<RunConfigSummary, 'redisTls'>>,
	/** The autoscalers by their target. */
	autoscalers: new Map() as Index<Autoscaler>,
});

/**
 * Creates the cluster. `namespace` is that of manifests without one. `toolhive` is the version in the cluster, if it is
 * known; it determines images and configuration that are not in the input.
 */
export function createManifestCluster(namespace: string, toolhive: Version | undefined): ManifestCluster {
	const image = toolhive && `proxy:${toolhive}`;
	const defaultRunConfig =
		toolhive === undefined ? undefined : { redisTls: !isOlder(toolhive, OPERATOR_SINCE.carriesRedisTls) };
	const indexes = createIndexes();
	const deploymentNamed: ManifestCluster['deploymentNamed'] = (file, namespace, name) =>
		find(indexes.deployments, file, keyOf({ namespace, name }));

	/** Returns at most one server, which is enough for the warning. Thousands of servers may share a key space. */
	const othersSharing = (server: Server): Server[] => {
		const all = indexes.byKeySpace.get(keySpaceOf(server) ?? '') ?? [];
		const other = all.find(({ value }) => serverKeyOf(value) !== serverKeyOf(server));
		return other === undefined ? [] : [other.value];
	};

	const from = (file: string): Cluster => ({
		findServer: (ref) => find(indexes.servers, file, serverKeyOf(ref), (server) => isSameUid(server, ref)),
		findDeployment: (namespace, name) => deploymentNamed(file, namespace, name),
		clusterContextOf: (server) => ({
			deployment: deploymentNamed(file, server.namespace, server.name) ?? (image === undefined ? undefined : { image }),
			runConfig: find(indexes.runConfigs, file, keyOf(server) + configMapSuffixOf(server.kind)) ?? defaultRunConfig,
			autoscalers: ['Deployment', 'StatefulSet', server.kind].flatMap((kind) =>
				(indexes.autoscalers.get(`${kind}/${keyOf(server)}`) ?? []).map(({ value }) => value),
			),
			sharesKeySpaceWith: othersSharing(server),
		}),
	});

	return {
		add: (manifest, file, line) => addObject(indexes, withNamespace(manifest, namespace), { file, line }),
		from,
		previewFrom: (file, server, apiVersion) => {
			// Only `review` uses this: in a cluster, the minimal CRDs serve v1beta1 together with operators of any version.
			const oldestRelease = apiVersion === `${GROUP}/v1beta1` ? OPERATOR_SINCE.servesV1beta1 : undefined;
			const cluster = from(file);
			return {
				...cluster,
				findServer: () => server,
				clusterContextOf: (one) => ({ ...cluster.clusterContextOf(one), oldestRelease }),
			};
		},
		deploymentNamed,
		hasConfigMap: (file, namespace, name) => find(indexes.runConfigs, file, keyOf({ namespace, name })) !== undefined,
		placesOf: (ref) => (indexes.servers.get(serverKeyOf(ref)) ?? []).filter(({ value }) => isSameUid(value, ref)),
	};
}

function addObject(indexes: ReturnType<typeof createIndexes>, object: Json, place: Place): void {
	const add = <T>(index: Index<T>, key: string, value: T): void => {
		const others = index.get(key);
		if (others === undefined) index.set(key, [{ ...place, value }]);
		else others.push({ ...place, value });
	};
	const server = serverOf(object);
	if (server !== undefined) {
		add(indexes.servers, serverKeyOf(server), server);
		const keySpace = keySpaceOf(server);
		if (keySpace !== undefined) add(indexes.byKeySpace, keySpace, server);
	} else if (object['kind'] === 'Deployment') {
		const deployment = proxyDeploymentOf(object);
		if (deployment.owners.length > 0) add(indexes.deployments, keyOf(deployment), deployment);
	} else if (object['kind'] === 'ConfigMap') {
		const runConfig = runConfigSummaryOf(object);
		if (runConfig !== undefined) add(indexes.runConfigs, keyOf(runConfig), { redisTls: runConfig.redisTls });
	} else if (object['kind'] === 'HorizontalPodAutoscaler' || object['kind'] === 'ScaledObject') {
		const autoscaler = autoscalerOf(object);
		if (autoscaler === undefined) return;
		const { targetKind, namespace, target } = autoscaler;
		add(indexes.autoscalers, `${targetKind}/${keyOf({ namespace, name: target })}`, autoscaler);
	}
}

const keyOf = ({ namespace, name }: { namespace: string; name: string }): string => `${namespace}/${name}`;
const serverKeyOf = (server: ServerRef): string => `${server.kind}/${keyOf(server)}`;

/** Manifests that no API server has stored have no uid. */
const isSameUid = (one: ServerRef, other: ServerRef): boolean => !one.uid || !other.uid || one.uid === other.uid;

/** Returns the value in `file`, else the first one. */
function find<T>(index: Index<T>, file: string, key: string, matches = (_value: T): boolean => true): T | undefined {
	const matching = (index.get(key) ?? []).filter(({ value }) => matches(value));
	return (matching.find((one) => one.file === file) ?? matching[0])?.value;
}

const withNamespace = (object: Json, namespace: string): Json => {
	const named = namespaceOf(object, namespace);
	const metadata = metadataOf(object);
	return metadata['namespace'] === named ? object : { ...object, metadata: { ...metadata, namespace: named } };
};
