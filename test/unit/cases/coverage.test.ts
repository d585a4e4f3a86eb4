/** Tests that the cases together cover the whole product, and that each case describes its purpose. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { WARNING_IDS } from '../../../src/policy/rules.ts';
import { CASES, caseNames, headingOf, INPUT, OUTPUT } from '../../cases/read-case.ts';

/** The sections of the specification: the mutating webhook, the validating webhook, and the conditions. */
const SECTIONS = ['3.1', '3.2', '3.2a', '3.3', '3.4', '4', '5'];
/** Longer sentences are hard to scan in the list of cases. */
const LONGEST_SENTENCE = 140;

const read = (name: string, file: string): string => readFileSync(join(CASES, name, file), 'utf8');
const headings = caseNames().map((name) => ({ name, ...headingOf(read(name, INPUT)) }));

describe('the cases together', () => {
	it('all › cover every warning', () => {
		const warned = new Set(caseNames().flatMap((name) => warningsOf(read(name, OUTPUT))));
		expect([...warned].sort()).to.deep.equal([...WARNING_IDS].sort());
	});
	it('each warning › has a case with its name that returns it', () => {
		for (const id of WARNING_IDS) {
			const name = caseNames().find((one) => one === id || one === `server-${id}`);
			expect(name, `a case server-${id}`).to.be.a('string');
			expect(warningsOf(read(name ?? '', OUTPUT)), name).to.include(id);
		}
	});
	it('all › cover every section of the specification', () => {
		const covered = new Set(headings.flatMap(({ spec }) => spec));
		expect([...covered].sort()).to.deep.equal(SECTIONS);
	});
	it('descriptions › each is unique', () => {
		const scenarios = headings.map(({ scenario }) => scenario);
		expect(scenarios.filter((scenario, index) => scenarios.indexOf(scenario) !== index)).to.deep.equal([]);
	});
});

describe('first lines of in.yaml', () => {
	for (const { name, scenario, why, spec } of headings) {
		it(`${name} › scenario, reason and sections`, () => {
			for (const sentence of [scenario, why]) {
				expect(sentence).to.match(/^[A-Za-z0-9].*[.]$/);
				expect(sentence.length, sentence).to.be.at.most(LONGEST_SENTENCE);
			}
			expect(spec).to.have.length.at.least(1);
			expect(SECTIONS).to.include.members([...spec]);
		});
	}
	it('flags of serve, or no comment lines › not part of the description', () => {
		const text = '# serve --password-env=pod\n# A scenario.\n# why: A reason.\n# spec: 3.2, 4\n---\n# why: Not this.\n';
		expect(headingOf(text)).to.deep.equal({ scenario: 'A scenario.', why: 'A reason.', spec: ['3.2', '4'] });
		expect(headingOf('---\n# A scenario.\n')).to.deep.equal({ scenario: '', why: '', spec: [] });
	});
});

/** Returns the ids of the warnings in an `out.yaml`. Each line of a warning ends with its id. */
const warningsOf = (text: string): string[] =>
	[...text.matchAll(/^# warning: .* \(([a-z-]+)\)$/gm)].map(([, id = '']) => id);
