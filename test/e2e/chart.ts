/** Renders the Helm chart as objects, in a form that tests can compare with the objects from kustomize. */
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import type { Helm } from '../harness/helm/mocha.ts';
import type { PodSpec } from '../harness/manifest-files.ts';
import { type Manifest, ROOT } from '../harness/manifest-files.ts';

export const CHART = join(ROOT, 'manifests/chart');
export const NS = 'toolhive-scaling';

/** Values, as in a values file. */
export type Values = Readonly<Record<string, unknown>>;

export const objectsIn = (text: string): Manifest[] =>
	parseAllDocuments(text)
		.map((document): Manifest | null => document.toJS())
		.filter((object) => object !== null);

/** Returns the rendered objects. Throws the error from Helm. */
export async function render(helm: Helm, values: Values = {}, namespace = NS): Promise<Manifest[]> {
	const args = ['template', 'any', CHART, '--namespace', namespace, '--kube-version', '1.36.0', '--values', '-'];
	const { code, stdout, stderr } = await helm(args, { input: JSON.stringify(values) });
	if (code !== 0) throw new Error(stderr);
	return objectsIn(stdout);
}

/** Returns the error from Helm for `values` that it must refuse. */
export const refusal = (helm: Helm, values: Values): Promise<string> =>
	render(helm, values).then(
		() => expect.fail('nothing was refused'),
		({ message }: Error) => message,
	);

const HELMS_LABELS = [
	'app.kubernetes.io/instance',
	'app.kubernetes.io/managed-by',
	'app.kubernetes.io/version',
	'helm.sh/chart',
];

/** Returns the objects by kind and name, without the labels that Helm adds. */
export const comparable = (objects: readonly Manifest[]): Record<string, Manifest> =>
	Object.fromEntries(
		objects
			.map((object): [string, Manifest] => {
				const { labels = {}, ...metadata } = object.metadata;
				const left = Object.entries(labels).filter(([label]) => !HELMS_LABELS.includes(label));
				return [
					`${object.kind} ${metadata.name}`,
					{ ...object, metadata: { ...metadata, labels: Object.fromEntries(left) } },
				];
			})
			.sort(([one], [other]) => one.localeCompare(other)),
	);

/** Returns the only object of this kind. */
export function only<T = Manifest>(objects: readonly Manifest[], kind: string): T {
	const found = objects.filter((object) => object.kind === kind);
	expect(found, kind).to.have.length(1);
	return found[0] as T;
}

export interface Deployment extends Manifest {
	readonly spec: {
		readonly replicas?: number;
		readonly strategy: { readonly rollingUpdate: object };
		readonly template: { readonly spec: PodSpec };
	};
}
export const deploymentIn = (objects: readonly Manifest[]): Deployment => only<Deployment>(objects, 'Deployment');
export const podIn = (objects: readonly Manifest[]): PodSpec => deploymentIn(objects).spec.template.spec;
