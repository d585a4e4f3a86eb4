/**
 * Previews what the webhooks would add to the Deployment and the ConfigMap of a server that are not in the input. The
 * preview builds both objects with the fields that the rules read, as an operator without scaling creates them. The
 * handlers of the webhooks then process them.
 */

import {
	GROUP,
	KINDS,
	LABEL_APP,
	LABEL_MANAGED_BY,
	LABEL_SERVER,
	LABEL_TOOLHIVE,
	MANAGED_BY_OPERATOR,
	VERSIONS,
} from '../api/names.ts';
import type { Json, Server } from '../api/types.ts';
import type { Finding } from '../policy/finding.ts';
import { DEFAULT_SETTINGS } from '../policy/settings.ts';
import { admit, type Handlers, requestOf } from './admit.ts';
import { changesOf } from './difference.ts';
import type { ManifestCluster } from './manifest-cluster.ts';

export interface Preview {
	readonly kind: 'Deployment' | 'ConfigMap';
	readonly name: string;
	/** The added paths and their values, as JSON. */
	readonly additions: readonly { readonly path: string; readonly value: string }[];
	/** The warnings about the two objects, such as why a setting is not added. */
	readonly findings: readonly Finding[];
}

interface Given {
	readonly file: string;
	readonly cluster: ManifestCluster;
	readonly handlers: Handlers;
}

export async function previewChanges(server: Server, { file, cluster, handlers }: Given): Promise<Preview[]> {
	const { namespace, name, kind } = server;
	const hasTls = cluster.from(file).clusterContextOf(server).runConfig?.redisTls === true;
	const { configMapSuffix, configKey } = KINDS[kind];
	const create = async (object: Json): Promise<Pick<Preview, 'additions' | 'findings'>> => {
		const request = requestOf(object, namespace, 'preview');
		if ('error' in request) throw new Error(request.error);
		const { object: stored = object, findings } = await admit(request, handlers);
		const changes = changesOf(object, stored);
		return { additions: changes.flatMap(({ path, is }) => (is === undefined ? [] : [{ path, value: is }])), findings };
	};
	const previews: Preview[] = [];
	if (cluster.deploymentNamed(file, namespace, name) === undefined) {
		const { additions, findings } = await create(deploymentOf(server));
		const shown = additions.filter(({ path, value }) => !path.startsWith('metadata.') && !isDefault(path, value));
		previews.push({ kind: 'Deployment', name, additions: shown.toSorted(outermostFirst), findings });
	}
	if (!cluster.hasConfigMap(file, namespace, name + configMapSuffix)) {
		const { additions, findings } = await create(configMapOf(server, hasTls));
		const prefix = `data.${configKey}.`;
		const shown = additions
			.filter(({ path }) => path.startsWith(prefix) && !path.startsWith(`${prefix}scaling_config.`))
			.map(({ path, value }) => ({ path: path.slice(prefix.length), value }));
		previews.push({ kind: 'ConfigMap', name: name + configMapSuffix, additions: shown, findings });
	}
	return previews;
}

/** Whether the addition is a default shutdown setting, which every proxy gets. */
const isDefault = (path: string, value: string): boolean =>
	(path.endsWith('.terminationGracePeriodSeconds') && value === String(DEFAULT_SETTINGS.gracePeriodSeconds)) ||
	(path.endsWith('.lifecycle.preStop.sleep.seconds') && value === String(DEFAULT_SETTINGS.preStopSeconds));

/** Sorts the replica count before fields deep in the pod template. */
const outermostFirst = (a: { path: string }, b: { path: string }): number =>
	a.path.split('.').length - b.path.split('.').length;

const metadataFor = ({ kind, namespace, name, uid }: Server, ownName: string, labels: Json): Json => ({
	name: ownName,
	namespace,
	labels,
	ownerReferences: [
		{ apiVersion: `${GROUP}/${VERSIONS[0]}`, kind, name, controller: true, ...(uid !== '' && { uid }) },
	],
});

/** Builds a Deployment without replicas, so that the server's count is shown as an addition even if it is 1. */
const deploymentOf = (server: Server): Json => {
	const { app, container } = KINDS[server.kind];
	const labels = { [LABEL_APP]: app, [LABEL_TOOLHIVE]: 'true', [LABEL_SERVER]: server.name };
	return {
		apiVersion: 'apps/v1',
		kind: 'Deployment',
		metadata: metadataFor(server, server.name, labels),
		spec: { template: { metadata: { labels }, spec: { containers: [{ name: container }] } } },
	};
};

const RUN_CONFIG_WITH_TLS = '{"scaling_config":{"session_redis":{"tls":{}}}}';

const configMapOf = (server: Server, hasTls: boolean): Json => {
	const { configMapSuffix, configKey } = KINDS[server.kind];
	const isYaml = configKey.endsWith('.yaml');
	return {
		apiVersion: 'v1',
		kind: 'ConfigMap',
		metadata: metadataFor(server, server.name + configMapSuffix, { [LABEL_MANAGED_BY]: MANAGED_BY_OPERATOR }),
		data: { [configKey]: isYaml ? `name: ${server.name}\n` : hasTls ? RUN_CONFIG_WITH_TLS : '{}' },
	};
};
