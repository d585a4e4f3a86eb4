/** The manifests as objects, in the order in which they are applied. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import type { PodTemplate, Webhook } from './manifest-types.ts';

export const ROOT = join(import.meta.dirname, '../..');
export const BASE = join(ROOT, 'manifests/base');
export const POD_MODE = join(ROOT, 'manifests/overlays/pod-mode');

export const PROVIDED = join(ROOT, 'manifests/components/provided-secret');

export interface Manifest {
	readonly apiVersion: string;
	readonly kind: string;
	readonly metadata: {
		readonly name: string;
		readonly namespace?: string;
		readonly labels?: Readonly<Record<string, string>>;
	};
	readonly spec?: unknown;
	readonly webhooks?: readonly Webhook[];
}

interface PatchOperation {
	readonly op: string;
	readonly path: string;
	readonly value: unknown;
}

const read = (folder: string, file: string): string => readFileSync(join(folder, file), 'utf8');

export const baseFiles = (): string[] => parse(read(BASE, 'kustomization.yaml')).resources;

export const baseObjects = (): Manifest[] =>
	baseFiles().flatMap((file) => parseAllDocuments(read(BASE, file)).map((document): Manifest => document.toJS()));

/** The only object of that kind, or the one with that name. */
export function objectOf(kind: string, name?: string): Manifest {
	const found = baseObjects().filter(
		(object) => object.kind === kind && (name ?? object.metadata.name) === object.metadata.name,
	);
	const [object] = found;
	if (object === undefined || found.length > 1) throw new Error(`${found.length} objects of kind ${kind}`);
	return object;
}

const webhooksOf = (kind: string): Webhook[] => [...(objectOf(kind).webhooks ?? [])];

export const mutating = (): Webhook[] => webhooksOf('MutatingWebhookConfiguration');
export const validating = (): Webhook[] => webhooksOf('ValidatingWebhookConfiguration');

const podModePatch = (file: string): PatchOperation[] => parse(read(join(ROOT, 'manifests/components/pod-mode'), file));

/** What the pod-mode component adds to the mutating registration. */
export const podWebhooks = (): Webhook[] => podModePatch('pods-webhook.yaml').map(({ value }) => value as Webhook);

/** What the pod-mode component adds to the arguments. */
export const podModeArgs = (): string[] => podModePatch('serve-flag.yaml').map(({ value }) => String(value));

/** What the provided-secret component adds to the Deployment, by path. */
export const providedMount = (): ReadonlyMap<string, unknown> => {
	const patch: PatchOperation[] = parse(read(PROVIDED, 'mount.yaml'));
	return new Map(patch.map(({ path, value }) => [path.replace('/spec/template/spec/', ''), value]));
};

export const template = (): PodTemplate => (objectOf('Deployment').spec as { template: PodTemplate }).template;
