/**
 * What the objects that an operator makes for a server would get, where the input does not hold them. They are made up as
 * far as the rules look at them, in the shape of an operator that knows nothing of scaling, and go through the same handlers.
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
	/** Paths and what they will hold, as JSON. */
	readonly gets: readonly { readonly path: string; readonly value: string }[];
	/** What kept it from getting more. */
	readonly findings: readonly Finding[];
}

interface Given {
	readonly file: string;
	readonly cluster: ManifestCluster;
	readonly handlers: Handlers;
}

export async function previewChanges(server: Server, { file, cluster, handlers }: Given): Promise<Preview[]> {
	const { namespace, name, kind } = server;
	const carriesTls = cluster.from(file).surroundingsOf(server).runConfig?.redisTls === true;
	const { configMapSuffix, configKey } = KINDS[kind];
	const outlooks: Preview[] = [];
	const ask = async (
		object: Json,
	): Promise<{ changes: ReturnType<typeof changesOf>; findings: readonly Finding[] }> => {
		const request = requestOf(object, namespace, 'outlook');
		if ('error' in request) throw new Error(request.error);
		const { object: stored = object, findings } = await admit(request, handlers);
		return { changes: changesOf(object, stored), findings };
	};
	if (cluster.deploymentNamed(file, namespace, name) === undefined) {
		const { changes, findings } = await ask(deploymentOf(server));
		const gets = changes.flatMap(({ path, is }) =>
			is === undefined || path.startsWith('metadata.') || isUsual(path, is) ? [] : [{ path, value: is }],
		);
		outlooks.push({ kind: 'Deployment', name, gets: gets.toSorted(outermostFirst), findings });
	}
	if (!cluster.hasConfigMap(file, namespace, name + configMapSuffix)) {
		const { changes, findings } = await ask(configMapOf(server, carriesTls));
		const prefix = `data.${configKey}.`;
		const gets = changes.flatMap(({ path, is }) =>
			is === undefined || !path.startsWith(prefix) || path.startsWith(`${prefix}scaling_config.`)
				? []
				: [{ path: path.slice(prefix.length), value: is }],
		);
		outlooks.push({ kind: 'ConfigMap', name: name + configMapSuffix, gets, findings });
	}
	return outlooks;
}

/** The shutdown settings that every proxy gets by default are no news. */
const isUsual = (path: string, value: string): boolean =>
	(path.endsWith('.terminationGracePeriodSeconds') && value === String(DEFAULT_SETTINGS.gracePeriodSeconds)) ||
	(path.endsWith('.lifecycle.preStop.sleep.seconds') && value === String(DEFAULT_SETTINGS.preStopSeconds));

/** The count, which people look for, before what is deep in the pod template. */
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

/** One replica, as an old operator sends it. A count that the server asks for shows even where it is the same. */
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

const CARRIED_TLS = '{"scaling_config":{"session_redis":{"tls":{}}}}';

const configMapOf = (server: Server, carriesTls: boolean): Json => {
	const { configMapSuffix, configKey } = KINDS[server.kind];
	const isYaml = configKey.endsWith('.yaml');
	return {
		apiVersion: 'v1',
		kind: 'ConfigMap',
		metadata: metadataFor(server, server.name + configMapSuffix, { [LABEL_MANAGED_BY]: MANAGED_BY_OPERATOR }),
		data: { [configKey]: isYaml ? `name: ${server.name}\n` : carriesTls ? CARRIED_TLS : '{}' },
	};
};
