/**
 * What installs the product or puts it in order: always the whole, in the way it was brought. A part that is applied alone
 * would bring the namespace, the image and the rights of somebody else's installation.
 */

import { INSTALLED_AS } from '../api/names.ts';
import { isObject, type Json, metadataOf } from '../api/types.ts';
import { textOf } from '../objects/metadata.ts';
import { shellWord } from './check-result.ts';

/** Words stand in front of a command, where nobody copies them: a `#` behind it is no comment in every shell. */
export const installFix = (namespace: string, helmRelease: string | undefined): string =>
	`apply the whole installation (docs/install.md#4-apply): ${
		helmRelease === undefined
			? 'kubectl apply -k local'
			: `helm upgrade ${shellWord(helmRelease)} manifests/chart -n ${shellWord(namespace)} --reset-then-reuse-values`
	}`;

export const lookIn = (namespace: string): string => `thv-scaling doctor --namespace ${shellWord(namespace)}`;

/** The release that an object is of; Helm writes both by itself. */
export function helmReleaseOf(object: Json): string | undefined {
	const { labels, annotations } = metadataOf(object);
	if (!isObject(labels) || labels['app.kubernetes.io/managed-by'] !== 'Helm') return undefined;
	return (isObject(annotations) ? textOf(annotations['meta.helm.sh/release-name']) : undefined) ?? INSTALLED_AS;
}
