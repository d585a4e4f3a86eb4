/** Reads a Deployment: the product's or the operator's. */
import { INSTALLED_AS } from '../api/names.ts';
import { isObject, type Json, metadataOf } from '../api/types.ts';
import { textOf } from '../objects/metadata.ts';
import { helmReleaseOf } from './commands.ts';

export interface Installation {
	readonly namespace: string;
	readonly name: string;
	readonly image: string;
	readonly serviceAccount: string;
	readonly replicas: number;
	readonly readyReplicas: number;
	/** The arguments of `serve`. */
	readonly args: readonly string[];
	readonly env: Readonly<Record<string, string>>;
	/** Whether some variables come from a ConfigMap or a Secret, so that not all flags are known. */
	readonly hasHiddenEnv: boolean;
	readonly helmRelease?: string;
	/** The Secret from which the serving certificate is mounted. */
	readonly certificate?: { readonly secret: string; readonly key: string };
}

/** Reads the container `containerName`, or the first container if there is none with that name. */
export function installationOf(deployment: Json, containerName: string = INSTALLED_AS): Installation {
	const { namespace, name } = metadataOf(deployment);
	const spec = objectAt(deployment, 'spec');
	const podSpec = objectAt(objectAt(spec, 'template'), 'spec');
	const containers = objectsIn(podSpec['containers']);
	const container = containers.find((one) => one['name'] === containerName) ?? containers[0] ?? {};
	const variables = objectsIn(container['env']);
	const words = [container['command'], container['args']].flatMap((one) => (Array.isArray(one) ? one.map(String) : []));
	const certificate = certificateOf(podSpec);
	const helmRelease = helmReleaseOf(deployment);
	const isHidden = ({ valueFrom }: Json): boolean => valueFrom !== undefined;
	return {
		namespace: textOf(namespace) ?? '',
		name: textOf(name) ?? '',
		image: textOf(container['image']) ?? '',
		serviceAccount: textOf(podSpec['serviceAccountName']) ?? 'default',
		replicas: numberOf(spec['replicas']) ?? 1,
		readyReplicas: numberOf(objectAt(deployment, 'status')['readyReplicas']) ?? 0,
		args: words.slice(words.indexOf('serve') + 1),
		env: Object.fromEntries(
			variables.filter((one) => !isHidden(one)).map(({ name: key, value }) => [String(key), textOf(value) ?? '']),
		),
		hasHiddenEnv: objectsIn(container['envFrom']).length > 0 || variables.some(isHidden),
		...(helmRelease !== undefined && { helmRelease }),
		...(certificate !== undefined && { certificate }),
	};
}

/** Returns the first mounted Secret that has a `tls.crt`. */
function certificateOf(podSpec: Json): Installation['certificate'] {
	for (const volume of objectsIn(podSpec['volumes'])) {
		const secret = objectAt(volume, 'secret');
		const name = textOf(secret['secretName']);
		if (name === undefined) continue;
		const items = objectsIn(secret['items']);
		const key = items.length === 0 ? 'tls.crt' : textOf(items.find(({ path }) => path === 'tls.crt')?.['key']);
		if (key !== undefined) return { secret: name, key };
	}
	return undefined;
}

export const objectAt = (object: Json, name: string): Json => (isObject(object[name]) ? (object[name] as Json) : {});
export const objectsIn = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
