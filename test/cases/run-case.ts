/** Runs a case: admits each document as the API server would, in the order of the file, and prints the results. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mutate } from '../../src/admission/mutate.ts';
import { denialText, warningText } from '../../src/admission/response.ts';
import type { Request } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import { run } from '../../src/cli/program.ts';
import { writeYaml } from '../../src/manifests/write-yaml.ts';
import { type Admitted, admit, type Handlers, requestOf } from '../../src/offline/admit.ts';
import { clusterOf } from '../harness/memory-cluster.ts';
import { createTerminal } from '../harness/terminal.ts';
import { CASES, type Case, flagsOf, INPUT } from './read-case.ts';

export interface Outcome extends Admitted {
	readonly request: Request;
}

/** Returns handlers whose cluster consists of the manifests of the case. */
export function handlersFor({ documents, settings }: Case): Handlers {
	const cluster = clusterOf(documents.filter((document) => document['kind'] !== 'AdmissionReview'));
	const { signal } = new AbortController();
	return {
		mutate: (request) => mutate(request, cluster, settings, signal),
		validate: (request) => validate(request, cluster),
	};
}

export async function runCase(one: Case, handlers: Handlers): Promise<Outcome[]> {
	const outcomes: Outcome[] = [];
	for (const [index, document] of one.documents.entries()) {
		const request = requestOf(document, 'default', `document-${index + 1}`);
		if ('error' in request) throw new Error(`document ${index + 1}: ${request.error}`);
		outcomes.push({ ...(await admit(request, handlers)), request });
	}
	return outcomes;
}

const HEADER = '# What in.yaml becomes. Written by `make golden`; read the difference before you commit it.\n';

/** Returns `out.yaml`: each stored document, with comments for its verdict and its warnings. */
export const outputText = (outcomes: readonly Outcome[]): string => HEADER + outcomes.map(documentText).join('');

function documentText({ verdict, violations, findings, object }: Outcome): string {
	const lines = [
		'---',
		verdict === 'denied' ? `# denied: ${denialText(violations)}` : `# ${verdict}`,
		...findings.map((finding) => `# warning: ${warningText(finding)}`),
	];
	return `${lines.join('\n')}\n${object === undefined ? '' : writeYaml(object)}`;
}

/** Returns `review.txt`: the command line, its output, and the exit code. */
export async function reviewText(name: string): Promise<string> {
	const file = join(CASES, name, INPUT);
	const flags = flagsOf(readFileSync(file, 'utf8'));
	const terminal = createTerminal();
	const code = await run(['review', ...flags, file], terminal);
	const printed = terminal.printed().replaceAll(file, INPUT);
	return `$ thv-scaling ${['review', ...flags, INPUT].join(' ')}\n${printed}(exit code ${code})\n`;
}
