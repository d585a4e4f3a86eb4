/** Reads manifests and reports on them as `thv-scaling review` does. */
import { expect } from 'chai';
import { documentsIn } from '../../../src/manifests/documents.ts';
import { manifestsOf } from '../../../src/manifests/manifest.ts';
import { isUnreviewed, type Problem, problemText, type Skipped } from '../../../src/manifests/problem.ts';
import { jsonOf as entryOf } from '../../../src/offline/render-json.ts';
import { resultsOf } from '../../../src/offline/render-sarif.ts';
import { paintFor, renderText } from '../../../src/offline/render-text.ts';
import { yamlOf } from '../../../src/offline/render-yaml.ts';
import { type Reviewed, review } from '../../../src/offline/review.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { caseTexts } from '../seeds.ts';
import { expectPrintable, type Target } from '../target.ts';

const paint = paintFor(false, undefined);

export const manifests: Target = {
	name: 'manifests',
	seeds: () => [
		...caseTexts(),
		'{"kind":"List","apiVersion":"v1","items":[]}',
		'{"a":1}{"b":2}\n---\nc: 3\n',
		'%YAML 1.1\n---\na: [\n',
	],
	words: ['---\n', '...\n', 'kind: List\nitems:\n- ', '{"kind":', 'apiVersion: v1\n', '<<: *a\n', '!!binary ', '\\/'],
	check: async (given) => {
		// Files are encoded in UTF-8, so the text must be well-formed.
		const text = given.toWellFormed();
		const lines = text.split('\n').length;
		const sources = [...documentsIn('in.yaml', text)];
		for await (const one of review(async function* () {
			yield* sources;
		}, OPTIONS)) {
			if (isUnreviewed(one)) checkUnreviewed(one, lines);
			else checkReviewed(one);
		}
	},
};

const OPTIONS = { settings: DEFAULT_SETTINGS, namespace: 'default', toolhive: 'v0.12.5' };

function checkUnreviewed(one: Problem | Skipped, lines: number): void {
	const { line = 1, column = 1 } = one;
	expect(line).to.be.within(1, lines + 1);
	expect(column).to.be.at.least(1);
	expectPrintable(paint('plain', problemText(one)));
}

function checkReviewed(reviewed: Reviewed): void {
	for (const line of renderText(reviewed, paint).split('\n')) expectPrintable(line);
	expect(JSON.parse(entryOf(reviewed, true))).to.include({ verdict: reviewed.verdict, file: 'in.yaml' });
	JSON.stringify(resultsOf(reviewed, true, '/'));
	const yaml = yamlOf(reviewed);
	// An object in an AdmissionReview may lack a name. Such an object is not a manifest.
	if (reviewed.after === undefined || !reviewed.isWhole || reviewed.name === '') return;
	const printed = yaml.replace(/^---\n/, '');
	const [again, ...others] = manifestsOf({ file: 'out.yaml', line: 1, offset: 0, text: printed, format: 'yaml' });
	expect(others).to.deep.equal([]);
	if (again === undefined || isUnreviewed(again))
		throw new Error(`the printed YAML cannot be read: ${JSON.stringify(again)}`);
	expect(again.exact, 'the printed YAML, read again').to.deep.equal(reviewed.after);
}
