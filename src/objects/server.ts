/** Reads the fields of custom resources that decisions depend on. */
import { IGNORE_ANNOTATION, isKind, isOfToolhive, KINDS, type Kind } from '../api/names.ts';
import { isObject, type Json, metadataOf, type SecretKeyRef, type Server, type SessionStorage } from '../api/types.ts';
import { namespaceOf, optional, textOf, valueAt } from './metadata.ts';

/** Returns the server in a custom resource of any served version, or undefined for an object of another kind. */
export function serverOf(object: Json, namespace?: string): Server | undefined {
	const { kind, apiVersion } = object;
	if (!isKind(kind) || !isOfToolhive(apiVersion)) return undefined;
	const metadata = metadataOf(object);
	const spec = isObject(object['spec']) ? object['spec'] : {};
	const isVmcp = kind === 'VirtualMCPServer';
	return {
		kind,
		namespace: namespaceOf(object, namespace ?? ''),
		name: textOf(metadata['name']) ?? '',
		uid: textOf(metadata['uid']) ?? '',
		spec: {
			stdio: isStdio(kind, spec['transport']),
			...optional('replicas', countOf(spec['replicas'])),
			...optional('backendReplicas', kind === 'MCPServer' ? countOf(spec['backendReplicas']) : undefined),
			...optional('sessionStorage', sessionStorageOf(spec['sessionStorage'])),
			...optional('sessionAffinity', textOf(spec['sessionAffinity'])),
			...(isVmcp && hasKeys(valueAt(spec, ['config', 'sessionStorage'])) && { configSessionStorage: true as const }),
			...(kind === 'MCPServer' && hasKeys(valueAt(spec, POD_ANNOTATIONS)) && { podAnnotations: true as const }),
			...optional('image', isVmcp ? imageOf(spec['podTemplateSpec']) : undefined),
		},
		ignore: ignoredIds(metadata['annotations']),
	};
}

const POD_ANNOTATIONS = ['resourceOverrides', 'proxyDeployment', 'podTemplateMetadataOverrides', 'annotations'];

const hasKeys = (value: unknown): boolean => isObject(value) && Object.keys(value).length > 0;

/** In the CRD an absent transport defaults to stdio. A manifest does not have these defaults yet. */
const isStdio = (kind: Kind, transport: unknown): boolean =>
	kind === 'MCPServer' && (transport === undefined || transport === 'stdio');

/** Returns undefined for any value that the API server would reject. */
const countOf = (value: unknown): number | undefined =>
	Number.isInteger(value) && (value as number) >= 0 ? (value as number) : undefined;

function sessionStorageOf(value: unknown): SessionStorage | undefined {
	if (!isObject(value)) return undefined;
	const provider = textOf(value['provider']);
	if (provider === undefined) return undefined;
	return {
		provider,
		...optional('address', textOf(value['address'])),
		...optional('db', countOf(value['db'])),
		...optional('keyPrefix', textOf(value['keyPrefix'])),
		...optional('passwordRef', secretKeyRefOf(value['passwordRef'])),
		...(isObject(value['tls']) && { tls: true as const }),
	};
}

function secretKeyRefOf(value: unknown): SecretKeyRef | undefined {
	if (!isObject(value)) return undefined;
	const name = textOf(value['name']);
	const key = textOf(value['key']);
	return name && key ? { name, key } : undefined;
}

/** Returns the image that a user set for the vMCP container in `spec.podTemplateSpec`. */
function imageOf(podTemplate: unknown): string | undefined {
	const containers = valueAt(podTemplate, ['spec', 'containers']);
	if (!Array.isArray(containers)) return undefined;
	const container = containers.find((one) => isObject(one) && one['name'] === KINDS.VirtualMCPServer.container);
	return textOf(container?.['image']);
}

function ignoredIds(annotations: unknown): string[] {
	const list = isObject(annotations) ? textOf(annotations[IGNORE_ANNOTATION]) : undefined;
	return (list ?? '').split(',').flatMap((id) => id.trim() || []);
}
