/** Builds the commands that the checks suggest. */
import { INSTALLED_AS, KINDS } from '../api/names.ts';
import type { Json, ServerRef } from '../api/types.ts';
import { annotationOf, labelsOf } from '../objects/metadata.ts';
import type { NamespacedName } from './cluster.ts';

/** Quotes `text` as one word of a shell command: names come from the cluster, and users paste the command. */
export const shellWord = (text: string): string =>
	/^[\w./:@=,+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

export const namespaceFlag = (namespace: string): string => `-n ${shellWord(namespace)}`;

/** Returns `-n NAMESPACE deployment/NAME`. */
export const deploymentArgs = ({ namespace, name }: NamespacedName): string =>
	`${namespaceFlag(namespace)} deployment/${shellWord(name)}`;

/** Returns `mcpserver NAME -n NAMESPACE`. */
export const serverArgs = ({ kind, namespace, name }: ServerRef): string =>
	`${KINDS[kind].singular} ${shellWord(name)} ${namespaceFlag(namespace)}`;

export const logsCommand = (deployment: NamespacedName): string => `kubectl logs ${deploymentArgs(deployment)}`;

export const mergePatch = (args: string, patch: Json): string =>
	`kubectl patch ${args} --type=merge -p ${shellWord(JSON.stringify(patch))}`;

/**
 * Installs the whole product with the tool that installed it. Applying a single object would reset the namespace, image
 * and permissions of the installation. The command is last, because not every shell allows a comment after it.
 */
export const installFix = (namespace: string, helmRelease: string | undefined): string =>
	`apply the whole installation (docs/install.md#4-apply): ${
		helmRelease === undefined
			? 'kubectl apply -k local'
			: `helm upgrade ${shellWord(helmRelease)} manifests/chart ${namespaceFlag(namespace)} --reset-then-reuse-values`
	}`;

export const doctorCommand = (namespace: string): string => `thv-scaling doctor --namespace ${shellWord(namespace)}`;

/** Returns the Helm release of an object, if Helm installed it. */
export const helmReleaseOf = (object: Json): string | undefined =>
	labelsOf(object)['app.kubernetes.io/managed-by'] === 'Helm'
		? (annotationOf(object, 'meta.helm.sh/release-name') ?? INSTALLED_AS)
		: undefined;
