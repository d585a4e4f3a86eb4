/** Writes `out.yaml`: each stored document, with comments for its verdict and its warnings. */
import { denialText, warningText } from '../../src/admission/response.ts';
import { writeYaml } from '../../src/manifests/write-yaml.ts';
import type { Outcome } from './run-case.ts';

const HEADER = '# What in.yaml becomes. Written by `make golden`; read the difference before you commit it.\n';

export const outputText = (outcomes: readonly Outcome[]): string => HEADER + outcomes.map(documentText).join('');

function documentText({ verdict, violations, findings, object }: Outcome): string {
	const lines = [
		'---',
		verdict === 'denied' ? `# denied: ${denialText(violations)}` : `# ${verdict}`,
		...findings.map((finding) => `# warning: ${warningText(finding)}`),
	];
	return `${lines.join('\n')}\n${object === undefined ? '' : writeYaml(object)}`;
}
