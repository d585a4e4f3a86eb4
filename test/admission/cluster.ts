/** A cluster that consists of a list of objects, read as the watches of `serve` read them. */
import type { Cluster } from '../../src/admission/cluster.ts';
import { autoscalerOf } from '../../src/objects/autoscaler.ts';
import { runConfigSummaryOf } from '../../src/objects/config-map.ts';
import { proxyDeploymentOf } from '../../src/objects/deployment.ts';
import { serverOf } from '../../src/objects/server.ts';
import { keySpaceOf } from '../../src/policy/key-space.ts';
import { KINDS } from '../../src/toolhive/names.ts';
import type { Json, ProxyDeployment, Server, ServerRef } from '../../src/toolhive/types.ts';

export interface Recorded extends Cluster {
	/** What was looked up, in order: `kind/name`. */
	readonly asked: string[];
}

/** Names match by kind, namespace and name, and by uid when both sides have one. */
export function clusterOf(objects: readonly Json[]): Recorded {
	const asked: string[] = [];
	const ofKind = (kind: string): Json[] => objects.filter((object) => object['kind'] === kind);
	const servers = objects.flatMap((object) => serverOf(object) ?? []);
	const deployments = ofKind('Deployment').map(proxyDeploymentOf);
	const runConfigs = ofKind('ConfigMap').flatMap((object) => runConfigSummaryOf(object) ?? []);
	const autoscalers = ofKind('HorizontalPodAutoscaler').flatMap((object) => autoscalerOf(object) ?? []);

	const isMeant = (server: Server, ref: ServerRef): boolean =>
		isSame(server, ref) && server.kind === ref.kind && (!ref.uid || !server.uid || ref.uid === server.uid);
	const deploymentNamed = (namespace: string, name: string): ProxyDeployment | undefined =>
		deployments.find((one) => isSame(one, { namespace, name }));
	return {
		asked,
		findServer: (ref) => {
			asked.push(`${ref.kind}/${ref.name}`);
			return servers.find((server) => isMeant(server, ref));
		},
		findDeployment: (namespace, name) => {
			asked.push(`Deployment/${name}`);
			return deploymentNamed(namespace, name);
		},
		surroundingsOf: (server) => ({
			deployment: deploymentNamed(server.namespace, server.name),
			runConfig: runConfigs.find((one) =>
				isSame(one, { namespace: server.namespace, name: server.name + KINDS[server.kind].configMapSuffix }),
			),
			autoscaler: autoscalers.find((one) => one.namespace === server.namespace && one.target === server.name),
			sharing: servers.filter(
				(other) =>
					!isMeant(other, server) && keySpaceOf(other) !== undefined && keySpaceOf(other) === keySpaceOf(server),
			),
		}),
	};
}

interface Named {
	readonly namespace: string;
	readonly name: string;
}

const isSame = (a: Named, b: Named): boolean => a.namespace === b.namespace && a.name === b.name;
