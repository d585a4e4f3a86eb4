/** The objects after admission, ready for `kubectl apply -f -`; of what would be refused only a comment. */
import type { Reviewed } from './review.ts';
import { writeYaml } from './write-yaml.ts';

export function yamlOf({ verdict, kind, namespace, name, file, line, message, after }: Reviewed): string {
	const comments = verdict === 'denied' ? [`# denied: ${kind} ${namespace}/${name} (${file}:${line}): ${message}`] : [];
	return `---\n${comments.map((one) => `${one.replace(CONTROL, ' ')}\n`).join('')}${after === undefined ? '' : writeYaml(after)}`;
}

/** A line break in a name must not end the comment. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
