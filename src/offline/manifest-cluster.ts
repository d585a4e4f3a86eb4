/** The input as a cluster: `serve` reads other objects from its caches, `review` from the other manifests. */
import type { Cluster } from '../admission/cluster.ts';
import { isOlder, type Version } from '../api/images.ts';
import { GROUP } from '../api/names.ts';
import { OPERATOR_SINCE } from '../api/operators.ts';
import {
	type Autoscaler,
	type Json,
	metadataOf,
	type ProxyDeployment,
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
	/** The cluster for objects in `file`: of two objects with one name it has the one in the same file, else the first. */
	readonly from: (file: string) => Cluster;
	/** The same for objects that the operator has yet to create for `server`, which is written in `apiVersion`. */
	readonly previewFrom: (file: string, server: Server, apiVersion: unknown) => Cluster;
	readonly deploymentNamed: (file: string, namespace: string, name: string) => ProxyDeployment | undefined;
	readonly hasConfigMap: (file: string, namespace: string, name: string) => boolean;
	/** The places of the servers that a reference may refer to. */
	readonly placesOf: (ref: ServerRef) => readonly Place[];
}

export interface Place {
	readonly file: string;
	readonly line: number;
}

interface Placed<T> extends Place {
	readonly value: T;
}

/**
 * `namespace`: of manifests without one. `toolhive`: the version in the cluster, if it is known; it determines the images and
 * configuration that are not in the input.
 */
export function createManifestCluster(namespace: string, toolhive: Version | undefined): ManifestCluster {
	const image = toolhive && `proxy:${toolhive}`;
	const defaultRunConfig =
		toolhive === undefined ? undefined : { redisTls: !isOlder(toolhive, OPERATOR_SINCE.carriesRedisTls) };
	const servers = createIndex<Server>();
	const deployments = createIndex<ProxyDeployment>();
	const runConfigs = createIndex<{ readonly redisTls: boolean }>();
	const autoscalers = createIndex<Autoscaler>();
	const keySpaces = createIndex<Server>();

	const matches =
		({ uid }: ServerRef) =>
		(server: Server): boolean =>
			!uid || !server.uid || uid === server.uid;
	const named = ({ namespace, name }: { namespace: string; name: string }): string => `${namespace}/${name}`;
	const keyOf = (server: ServerRef): string => `${server.kind}/${named(server)}`;
	const deploymentNamed: ManifestCluster['deploymentNamed'] = (file, namespace, name) =>
		deployments.find(file, named({ namespace, name }));

	/** One is enough for the warning; thousands may share a key space. */
	const othersIn = (placed: readonly Placed<Server>[], server: Server): Server[] => {
		const other = placed.find(({ value }) => keyOf(value) !== keyOf(server));
		return other === undefined ? [] : [other.value];
	};

	const from = (file: string): Cluster => ({
		findServer: (ref) => servers.find(file, keyOf(ref), matches(ref)),
		findDeployment: (namespace, name) => deploymentNamed(file, namespace, name),
		surroundingsOf: (server) => {
			const keySpace = keySpaceOf(server);
			const deployment = deploymentNamed(file, server.namespace, server.name);
			return {
				deployment: deployment ?? (image === undefined ? undefined : { image }),
				runConfig: runConfigs.find(file, named(server) + configMapSuffixOf(server.kind)) ?? defaultRunConfig,
				autoscalers: (['Deployment', 'StatefulSet', server.kind] as const).flatMap((kind) =>
					autoscalers.all(`${kind}/${named(server)}`).map(({ value }) => value),
				),
				sharesKeySpaceWith: othersIn(keySpace === undefined ? [] : keySpaces.all(keySpace), server),
			};
		},
	});

	return {
		add: (manifest, file, line) => {
			const object = withNamespace(manifest, namespace);
			const place = <T>(value: T): Placed<T> => ({ file, line, value });
			const server = serverOf(object);
			if (server !== undefined) {
				servers.add(keyOf(server), place(server));
				const keySpace = keySpaceOf(server);
				if (keySpace !== undefined) keySpaces.add(keySpace, place(server));
			} else if (object['kind'] === 'Deployment') {
				const deployment = proxyDeploymentOf(object);
				if (deployment.owners.length > 0) deployments.add(named(deployment), place(deployment));
			} else if (object['kind'] === 'ConfigMap') {
				const runConfig = runConfigSummaryOf(object);
				if (runConfig !== undefined) runConfigs.add(named(runConfig), place({ redisTls: runConfig.redisTls }));
			} else if (object['kind'] === 'HorizontalPodAutoscaler' || object['kind'] === 'ScaledObject') {
				const autoscaler = autoscalerOf(object);
				if (autoscaler !== undefined) {
					const { targetKind, namespace, target } = autoscaler;
					autoscalers.add(`${targetKind}/${named({ namespace, name: target })}`, place(autoscaler));
				}
			}
		},
		from,
		previewFrom: (file, server, apiVersion) => {
			// Not used in a cluster: the minimal CRDs serve v1beta1 beside operators of any version.
			const oldestRelease = apiVersion === `${GROUP}/v1beta1` ? OPERATOR_SINCE.servesV1beta1 : undefined;
			const cluster = from(file);
			return {
				...cluster,
				findServer: () => server,
				surroundingsOf: (one) => ({ ...cluster.surroundingsOf(one), oldestRelease }),
			};
		},
		deploymentNamed,
		hasConfigMap: (file, namespace, name) => runConfigs.find(file, named({ namespace, name })) !== undefined,
		placesOf: (ref) => servers.all(keyOf(ref)).filter(({ value }) => matches(ref)(value)),
	};
}

interface Index<T> {
	readonly add: (key: string, placed: Placed<T>) => void;
	readonly all: (key: string) => readonly Placed<T>[];
	readonly find: (file: string, key: string, matches?: (value: T) => boolean) => T | undefined;
}

function createIndex<T>(): Index<T> {
	const values = new Map<string, Placed<T>[]>();
	const all = (key: string): readonly Placed<T>[] => values.get(key) ?? [];
	return {
		add: (key, placed) => {
			const others = values.get(key);
			if (others === undefined) values.set(key, [placed]);
			else others.push(placed);
		},
		all,
		find: (file, key, matches = () => true) => {
			const matching = all(key).filter(({ value }) => matches(value));
			return (matching.find((one) => one.file === file) ?? matching[0])?.value;
		},
	};
}

const withNamespace = (object: Json, namespace: string): Json => {
	const named = namespaceOf(object, namespace);
	const metadata = metadataOf(object);
	return metadata['namespace'] === named ? object : { ...object, metadata: { ...metadata, namespace: named } };
};
