import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { admit, type Handlers } from '../../../src/offline/admit.ts';
import { WARNING_IDS } from '../../../src/policy/rules.ts';
import { AREAS, pages } from '../../cases/pages.ts';
import { CASES, caseNames, headingOf, INPUT, OUTPUT, REVIEW, readCase } from '../../cases/read-case.ts';
import { handlersFor, type Outcome, outputText, reviewText, runCase } from '../../cases/run-case.ts';

const ADVICE = 'differs from the output of the handlers; if the difference is intended, run `make golden`';
/** The sections of the specification: the mutating webhook, the validating webhook, and the conditions. */
const SECTIONS = ['3.1', '3.2', '3.2a', '3.3', '3.4', '4', '5'];

function textOf(name: string, file: string): string {
	const path = join(CASES, name, file);
	return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

describe('golden cases', () => {
	for (const { file, text } of pages()) {
		it(`${file} › equals the output of \`make golden\``, () => {
			expect(readFileSync(join(CASES, '../..', file), 'utf8'), `${file} ${ADVICE}`).to.equal(text);
		});
	}
	it('all › cover every section of the specification', () => {
		const covered = new Set(caseNames().flatMap((name) => headingOf(textOf(name, INPUT)).spec));
		expect([...covered].sort()).to.deep.equal(SECTIONS);
	});
	for (const id of WARNING_IDS) {
		it(`${id} › has a case with its name that returns it`, () => {
			const [name = ''] = caseNames().filter((one) => one === id || one === `server-${id}`);
			expect(textOf(name, OUTPUT), `add test/cases/server-${id}, see "Add a rule" in CONTRIBUTING.md`).to.match(
				new RegExp(`^# warning: .* \\(${id}\\)$`, 'm'),
			);
		});
	}

	for (const name of caseNames()) {
		describe(name, () => {
			const one = readCase(name);

			it('handlers › out.yaml', async () => {
				const outcomes = await runCase(one, handlersFor(one));
				expect(outputText(outcomes), `${name}/${OUTPUT} ${ADVICE}`).to.equal(textOf(name, OUTPUT));
			});
			it('review › review.txt', async () => {
				expect(await reviewText(name), `${name}/${REVIEW} ${ADVICE}`).to.equal(textOf(name, REVIEW));
			});
			it('reviewed again › no patch', async () => {
				const handlers = handlersFor(one);
				for (const outcome of await runCase(one, handlers)) await expectNoPatch(outcome, handlers);
			});
			// docs/cases.md lists the sentences by area, where longer ones are hard to scan.
			it('name and first lines › an area, scenario, reason and sections', () => {
				const areas = Object.keys(AREAS);
				const isKnown = areas.some((area) => name.startsWith(`${area}-`));
				expect(isKnown, `the name must begin with one of ${areas.join(', ')}, and a dash`).to.equal(true);
				const { scenario, why } = headingOf(textOf(name, INPUT));
				const rule = `${INPUT} begins with "# scenario." and "# why: reason.", of at most 140 characters each`;
				for (const sentence of [scenario, why]) expect(sentence, rule).to.match(/^[A-Za-z0-9].{1,138}[.]$/);
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
