/** Manifests, as `thv-scaling review` reads and reports them. */
import { expect } from 'chai';
import { manifestsOf } from '../../../src/manifests/manifest.ts';
import { isUnreviewed, type Problem, problemText, type Skipped } from '../../../src/manifests/problem.ts';
import { documentsIn, type Source } from '../../../src/manifests/split.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { jsonOf as entryOf } from '../../../src/review/render-json.ts';
import { resultsOf } from '../../../src/review/render-sarif.ts';
import { paintFor, textOf } from '../../../src/review/render-text.ts';
import { yamlOf } from '../../../src/review/render-yaml.ts';
import { type Reviewed, review } from '../../../src/review/review.ts';
import { caseTexts } from '../seeds.ts';
import { expectPrintable, type Target } from '../target.ts';

const paint = paintFor(false, undefined);

export const manifests: Target = {
	name: 'manifests',
	reads: 'manifests, through `review` and its four outputs',
	seeds: () => [
		...caseTexts(),
		'{"kind":"List","apiVersion":"v1","items":[]}',
		'{"a":1}{"b":2}\n---\nc: 3\n',
		'%YAML 1.1\n---\na: [\n',
	],
	words: ['---\n', '...\n', 'kind: List\nitems:\n- ', '{"kind":', 'apiVersion: v1\n', '<<: *a\n', '!!binary ', '\\/'],
	check: async (given) => {
		// Files are UTF-8.
		const text = given.toWellFormed();
		const sources = await sourcesOf(text, [text.length]);
		expect(await sourcesOf(text, [1, 7, 3]), 'whatever pieces it arrives in').to.deep.equal(sources);
		for await (const one of review(async function* () {
			yield* sources;
		}, OPTIONS)) {
			if (isUnreviewed(one)) checkUnreviewed(one, text);
			else checkReviewed(one);
		}
	},
};

const OPTIONS = { settings: DEFAULT_SETTINGS, namespace: 'default', toolhive: 'v0.12.5' };

async function sourcesOf(text: string, lengths: readonly number[]): Promise<(Source | Problem | Skipped)[]> {
	const pieces = async function* () {
		for (let at = 0, turn = 0; at < text.length; turn += 1) {
			const length = lengths[turn % lengths.length] || 1;
			yield text.slice(at, at + length);
			at += length;
		}
	};
	const sources: (Source | Problem | Skipped)[] = [];
	for await (const source of documentsIn('in.yaml', pieces())) sources.push(source);
	return sources;
}

function checkUnreviewed(one: Problem | Skipped, text: string): void {
	const { line = 1, column = 1 } = one;
	expect(line).to.be.within(1, text.split('\n').length + 1);
	expect(column).to.be.at.least(1);
	expectPrintable(paint('plain', problemText(one)));
}

function checkReviewed(reviewed: Reviewed): void {
	for (const line of textOf(reviewed, paint).split('\n')) expectPrintable(line);
	expect(JSON.parse(entryOf(reviewed, true))).to.include({ verdict: reviewed.verdict, file: 'in.yaml' });
	JSON.stringify(resultsOf(reviewed, true, '/'));
	const yaml = yamlOf(reviewed);
	// What stands in an AdmissionReview may have no name, and is then no manifest.
	if (reviewed.after === undefined || !reviewed.isWhole || reviewed.name === '') return;
	const [again, ...others] = manifestsOf({
		file: 'out.yaml',
		line: 1,
		text: yaml.replace(/^---\n/, ''),
		format: 'yaml',
	});
	expect(others).to.deep.equal([]);
	if (again === undefined || isUnreviewed(again))
		throw new Error(`our own YAML cannot be read: ${JSON.stringify(again)}`);
	expect(again.exact, 'our own YAML, read again').to.deep.equal(reviewed.after);
}
