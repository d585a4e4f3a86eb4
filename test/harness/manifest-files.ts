/** Reads the manifests as objects, in the order in which they are applied, and defines the types that tests need. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

export const ROOT = join(import.meta.dirname, '../..');
export const BASE = join(ROOT, 'manifests/base');
export const POD_MODE = join(ROOT, 'manifests/overlays/pod-mode');

type Texts = Readonly<Record<string, string>>;
type Values = Readonly<Record<string, unknown>>;

export interface Manifest {
	readonly apiVersion: string;
	readonly kind: string;
	readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Texts };
	readonly spec?: unknown;
	readonly webhooks?: readonly Webhook[];
}

export interface Webhook {
	readonly name: string;
	readonly rules: readonly Readonly<
		Record<'apiGroups' | 'apiVersions' | 'resources' | 'operations', readonly string[]> & { scope: string }
	>[];
	readonly objectSelector?: Selector;
	readonly namespaceSelector?: Selector;
	readonly matchConditions?: readonly Record<'name' | 'expression', string>[];
	readonly failurePolicy?: string;
	readonly matchPolicy?: string;
	readonly reinvocationPolicy?: string;
	readonly sideEffects: string;
	readonly timeoutSeconds?: number;
	readonly admissionReviewVersions: readonly string[];
	readonly clientConfig: { readonly service: Record<'name' | 'namespace' | 'path', string> & { port: number } };
}

export interface Selector {
	readonly matchLabels?: Texts;
	readonly matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}

export interface PodTemplate {
	readonly metadata: { readonly labels: Texts };
	readonly spec: PodSpec;
}

export interface PodSpec {
	readonly serviceAccountName: string;
	readonly automountServiceAccountToken: boolean;
	readonly enableServiceLinks: boolean;
	readonly terminationGracePeriodSeconds: number;
	readonly hostNetwork?: boolean;
	readonly dnsPolicy?: string;
	readonly imagePullSecrets?: readonly { name: string }[];
	readonly securityContext: Values;
	readonly topologySpreadConstraints: readonly (Record<'topologyKey' | 'whenUnsatisfiable', string> & {
		labelSelector: Selector;
	})[];
	readonly containers: readonly Container[];
	readonly volumes: readonly Volume[];
}

export interface Container extends Readonly<Record<'livenessProbe' | 'readinessProbe' | 'startupProbe', Probe>> {
	readonly args: readonly string[];
	readonly image: string;
	readonly ports: readonly { name: string; containerPort: number }[];
	readonly resources: Readonly<Record<'requests' | 'limits', Texts>>;
	readonly securityContext: Values;
	readonly volumeMounts: readonly { name: string; mountPath: string; readOnly?: boolean; subPath?: string }[];
}

interface Probe {
	readonly httpGet: Record<'path' | 'port', string>;
	readonly timeoutSeconds?: number;
	readonly terminationGracePeriodSeconds?: number;
}

export interface Volume {
	readonly name: string;
	readonly secret?: { readonly secretName: string; readonly items: readonly Record<'key' | 'path', string>[] };
}

export interface Service {
	readonly selector: Texts;
	readonly ports: readonly { port: number; targetPort: string }[];
}

interface PatchOperation {
	readonly path: string;
	readonly value: unknown;
}

const read = (folder: string, file: string): string => readFileSync(join(folder, file), 'utf8');

const baseFiles = (): string[] => parse(read(BASE, 'kustomization.yaml')).resources;

export const baseObjects = (): Manifest[] =>
	baseFiles().flatMap((file) => parseAllDocuments(read(BASE, file)).map((document): Manifest => document.toJS()));

/** Returns the only object of this kind, or the object with this name. */
export function objectOf(kind: string, name?: string): Manifest {
	const found = baseObjects().filter((one) => one.kind === kind && (name ?? one.metadata.name) === one.metadata.name);
	const [object] = found;
	if (object === undefined || found.length > 1) throw new Error(`${found.length} objects of kind ${kind}`);
	return object;
}

export const mutating = (): readonly Webhook[] => objectOf('MutatingWebhookConfiguration').webhooks ?? [];
export const validating = (): readonly Webhook[] => objectOf('ValidatingWebhookConfiguration').webhooks ?? [];

const patchIn = (component: string, file: string): PatchOperation[] =>
	parse(read(join(ROOT, 'manifests/components', component), file));

/** Returns the webhooks that the pod-mode component adds to the mutating webhook configuration. */
export const podWebhooks = (): Webhook[] =>
	patchIn('pod-mode', 'pods-webhook.yaml').map(({ value }) => value as Webhook);

/** Returns the arguments that the pod-mode component adds. */
export const podModeArgs = (): string[] => patchIn('pod-mode', 'serve-flag.yaml').map(({ value }) => String(value));

/** Returns the values that the provided-secret component adds to the Deployment, by path. */
export const providedMount = (): ReadonlyMap<string, unknown> =>
	new Map(
		patchIn('provided-secret', 'mount.yaml').map(({ path, value }) => [
			...([path.replace('/spec/template/spec/', ''), value] as const),
		]),
	);

export const template = (): PodTemplate => (objectOf('Deployment').spec as { template: PodTemplate }).template;
