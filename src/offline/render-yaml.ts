/** Renders the objects after admission, for `kubectl apply -f -`. A denied object becomes a comment. */
import { printable } from '../api/printable.ts';
import { writeYaml } from '../manifests/write-yaml.ts';
import type { Reviewed } from './review.ts';

export function yamlOf(reviewed: Reviewed): string {
	const { operation, verdict, kind, namespace, name, file, line, message, isWhole } = reviewed;
	const after = isWhole ? reviewed.after : undefined;
	const what = `${kind} ${namespace}/${name} (${file}:${line})`;
	const comment = verdict === 'denied' ? `denied: ${what}: ${message}` : `${isWhole ? operation : 'part'} of ${what}`;
	const comments = after === undefined ? [`# ${comment}`] : [];
	return `---\n${comments.map((one) => `${printable(one)}\n`).join('')}${after === undefined ? '' : writeYaml(after)}`;
}
