/** `out.yaml`: what is stored of each document, headed by what was said about it. */
import { stringify } from 'yaml';
import type { Outcome } from './play-case.ts';

const HEADER =
	'# What in.yaml becomes. Written by `node test/cases/golden.ts`; read the difference before you commit it.\n';

export const outputText = (outcomes: readonly Outcome[]): string => HEADER + outcomes.map(documentText).join('');

function documentText({ verdict, message, warnings, object }: Outcome): string {
	const lines = [
		'---',
		verdict === 'denied' ? `# denied: ${message}` : `# ${verdict}`,
		...warnings.map((warning) => `# warning: ${warning}`),
	];
	const style = { lineWidth: 0, singleQuote: true, aliasDuplicateObjects: false };
	return `${lines.join('\n')}\n${object === undefined ? '' : stringify(object, style)}`;
}
