import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { admit, type Handlers } from '../../../src/offline/admit.ts';
import { handlersFor, throughHttp } from '../../cases/entry-points.ts';
import { AREAS, pages } from '../../cases/pages.ts';
import { reviewText } from '../../cases/print-case.ts';
import { CASES, type Case, caseNames, documentsOf, INPUT, OUTPUT, REVIEW, readCase } from '../../cases/read-case.ts';
import { type Outcome, runCase } from '../../cases/run-case.ts';
import { outputText } from '../../cases/write-case.ts';

const PROGRAMS = ['entry-points', 'golden', 'pages', 'print-case', 'read-case', 'run-case', 'write-case'];
const ADVICE = 'differs from the output of the handlers; if the difference is intended, run `make golden`';

describe('golden cases', () => {
	it('test/cases › each folder has these three files, and there are no other files', () => {
		const entries = readdirSync(CASES, { withFileTypes: true });
		expect(entries.flatMap((entry) => (entry.isDirectory() ? [] : [entry.name]))).to.have.members(
			PROGRAMS.map((name) => `${name}.ts`),
		);
		for (const name of caseNames()) {
			expect(readdirSync(join(CASES, name)).sort(), `test/cases/${name}`).to.deep.equal([INPUT, OUTPUT, REVIEW]);
		}
	});
	it('names › begin with an area', () => {
		for (const name of caseNames()) {
			expect(
				Object.keys(AREAS).some((area) => name.startsWith(`${area}-`)) && /^[a-z0-9-]+$/.test(name),
				name,
			).to.equal(true);
		}
	});

	for (const { file, text } of pages()) {
		it(`${file} › equals the output of \`make golden\``, () => {
			expect(readFileSync(join(CASES, '../..', file), 'utf8'), `${file} ${ADVICE}`).to.equal(text);
		});
	}

	for (const name of caseNames()) {
		describe(name, () => {
			const one = readCase(name);
			const golden = textOf(name, OUTPUT);

			it('handlers › out.yaml', async () => {
				const outcomes = await runCase(one.documents, handlersFor(one));
				expect(outputText(outcomes), `${name}/${OUTPUT} ${ADVICE}`).to.equal(golden);
			});
			it('HTTP › out.yaml', async () => {
				const outcomes = await throughHttp(one, (handlers) => runCase(one.documents, handlers));
				expect(outputText(outcomes), `${name}/${OUTPUT} ${ADVICE}`).to.equal(golden);
			});
			it('review › review.txt', async () => {
				expect(await reviewText(name), `${name}/${REVIEW} ${ADVICE}`).to.equal(textOf(name, REVIEW));
			});
			it('reviewed again › no patch', async () => {
				const handlers = handlersFor(one);
				for (const outcome of await runCase(one.documents, handlers)) await expectNoPatch(outcome, handlers);
			});
			it('out.yaml as input › unchanged', async () => {
				const again = { ...one, documents: await storedDocuments(one, golden) };
				const outcomes = await runCase(again.documents, handlersFor(again));
				for (const outcome of outcomes) expect(outcome.verdict).to.equal('unchanged');
			});
		});
	}
});

/**
 * Reviews the stored object again, once as in a reinvocation and once as an UPDATE without changes. Expects no patch.
 */
async function expectNoPatch({ object, request }: Outcome, handlers: Handlers): Promise<void> {
	if (object === undefined) return;
	const again = { ...request, object };
	expect((await admit(again, handlers)).verdict).to.equal('unchanged');
	expect((await admit({ ...again, operation: 'UPDATE', oldObject: object }, handlers)).verdict).to.equal('unchanged');
}

function textOf(name: string, file: string): string {
	const path = join(CASES, name, file);
	return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/**
 * Returns the documents in out.yaml that come from manifests. Documents that come from an AdmissionReview are omitted,
 * because out.yaml does not contain the user name of the request.
 */
async function storedDocuments(one: Case, golden: string): Promise<Json[]> {
	const outcomes = await runCase(one.documents, handlersFor(one));
	const allowed = one.documents.filter((_, index) => outcomes[index]?.verdict !== 'denied');
	const stored = documentsOf(golden, one.name);
	expect(stored).to.have.length(allowed.length);
	return stored.filter((_, index) => allowed[index]?.['kind'] !== 'AdmissionReview');
}
