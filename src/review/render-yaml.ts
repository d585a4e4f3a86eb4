/** The objects after admission, ready for `kubectl apply -f -`; of what would be refused only a comment. */
import { printable } from '../toolhive/printable.ts';
import type { Reviewed } from './review.ts';
import { writeYaml } from './write-yaml.ts';

export function yamlOf({ verdict, kind, namespace, name, file, line, message, after }: Reviewed): string {
	const comments = verdict === 'denied' ? [`# denied: ${kind} ${namespace}/${name} (${file}:${line}): ${message}`] : [];
	return `---\n${comments.map((one) => `${printable(one)}\n`).join('')}${after === undefined ? '' : writeYaml(after)}`;
}
