/** A program in the cluster, ours or the operator: what is read of its Deployment. */

import { INSTALLED_AS } from '../api/names.ts';
import { isObject, type Json, metadataOf } from '../api/types.ts';
import { textOf } from '../objects/metadata.ts';
import { helmReleaseOf } from './fixes.ts';

export interface Installation {
	readonly namespace: string;
	readonly name: string;
	readonly image: string;
	readonly serviceAccount: string;
	readonly replicas: number;
	readonly readyReplicas: number;
	/** What `serve` is started with. */
	readonly args: readonly string[];
	readonly env: Readonly<Record<string, string>>;
	/** Some variables come from elsewhere, so the settings are not all known. */
	readonly hasHiddenEnv: boolean;
	/** Where Helm installed it. */
	readonly helmRelease?: string;
	/** Where the serving certificate is mounted from, or what the leader keeps it in. */
	readonly certificate?: { readonly secret: string; readonly key: string; readonly isSelfManaged?: true };
}

/** `containerName`: the container that matters, where others may stand beside it. */
export function installationOf(deployment: Json, containerName: string = INSTALLED_AS): Installation {
	const { namespace, name } = metadataOf(deployment);
	const spec = partOf(deployment, 'spec');
	const podSpec = partOf(partOf(spec, 'template'), 'spec');
	const containers = objectsIn(podSpec['containers']);
	const container = containers.find((one) => one['name'] === containerName) ?? containers[0] ?? {};
	const variables = objectsIn(container['env']);
	const words = [...textsIn(container['command']), ...textsIn(container['args'])];
	const certificate = certificateOf(podSpec);
	const helmRelease = helmReleaseOf(deployment);
	return {
		namespace: textOf(namespace) ?? '',
		name: textOf(name) ?? '',
		image: textOf(container['image']) ?? '',
		serviceAccount: textOf(podSpec['serviceAccountName']) ?? 'default',
		replicas: numberOf(spec['replicas']) ?? 1,
		readyReplicas: numberOf(partOf(deployment, 'status')['readyReplicas']) ?? 0,
		args: words.slice(words.indexOf('serve') + 1),
		env: Object.fromEntries(
			variables.flatMap(({ name: key, value, valueFrom }) =>
				valueFrom === undefined ? [[String(key), textOf(value) ?? '']] : [],
			),
		),
		hasHiddenEnv:
			objectsIn(container['envFrom']).length > 0 || variables.some(({ valueFrom }) => valueFrom !== undefined),
		...(helmRelease !== undefined && { helmRelease }),
		...(certificate !== undefined && { certificate }),
	};
}

/** The first Secret that brings a `tls.crt`. */
function certificateOf(podSpec: Json): Installation['certificate'] {
	for (const volume of objectsIn(podSpec['volumes'])) {
		const secret = partOf(volume, 'secret');
		const name = textOf(secret['secretName']);
		if (name === undefined) continue;
		const items = objectsIn(secret['items']);
		const item = items.find(({ path }) => path === 'tls.crt');
		const key = items.length === 0 ? 'tls.crt' : textOf(item?.['key']);
		if (key !== undefined) return { secret: name, key };
	}
	return undefined;
}

const partOf = (object: Json, name: string): Json => (isObject(object[name]) ? (object[name] as Json) : {});
const objectsIn = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const textsIn = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
