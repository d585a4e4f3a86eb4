import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Json } from '../../src/toolhive/types.ts';
import { handlerDoor, throughHttp } from './doors.ts';
import { type Door, type Outcome, playCase, playReview, withObject } from './play-case.ts';
import { CASES, type Case, caseNames, documentsOf, INPUT, OUTPUT, readCase } from './read-case.ts';
import { outputText } from './write-case.ts';

const PROGRAMS = [
	'cases.test.ts',
	'coverage.test.ts',
	'doors.ts',
	'golden.ts',
	'play-case.ts',
	'read-case.ts',
	'write-case.ts',
];
const AREAS = ['deployment', 'pod', 'remote-proxy', 'run-config', 'scale', 'server', 'vmcp'];
const ADVICE = 'differs from what the handlers do; if it should, run `make golden` (node test/cases/golden.ts)';

describe('golden cases', () => {
	it('are folders with these two files, and nothing else lies around', () => {
		const entries = readdirSync(CASES, { withFileTypes: true });
		expect(entries.flatMap((entry) => (entry.isDirectory() ? [] : [entry.name]))).to.have.members(PROGRAMS);
		for (const name of caseNames()) {
			expect(readdirSync(join(CASES, name)).sort(), `test/cases/${name}`).to.deep.equal([INPUT, OUTPUT]);
		}
	});
	it('are named after their area', () => {
		for (const name of caseNames()) {
			expect(AREAS.some((area) => name.startsWith(`${area}-`)) && /^[a-z0-9-]+$/.test(name), name).to.equal(true);
		}
	});

	for (const name of caseNames()) {
		describe(name, () => {
			const one = readCase(name);
			const file = join(CASES, name, OUTPUT);
			const golden = existsSync(file) ? readFileSync(file, 'utf8') : '';

			it('gives out.yaml', async () => {
				expect(outputText(await playCase(one.documents, handlerDoor(one))), `${name}/${OUTPUT} ${ADVICE}`).to.equal(
					golden,
				);
			});
			it('gives the same through HTTP', async () => {
				const outcomes = await throughHttp(one, (door) => playCase(one.documents, door));
				expect(outputText(outcomes), `${name}/${OUTPUT} ${ADVICE}`).to.equal(golden);
			});
			it('changes nothing the second time', async () => {
				const door = handlerDoor(one);
				for (const outcome of await playCase(one.documents, door)) await expectNoPatch(outcome, door);
			});
			it('out.yaml goes in again and comes out as it is', async () => {
				const again = { ...one, documents: await storedDocuments(one, golden) };
				const outcomes = await playCase(again.documents, handlerDoor(again));
				for (const outcome of outcomes) expect(outcome.verdict).to.equal('unchanged');
			});
		});
	}
});

/** Asked again about what it gave, as at a reinvocation, and about an UPDATE that changes nothing. */
async function expectNoPatch({ object, review }: Outcome, door: Door): Promise<void> {
	if (object === undefined) return;
	const asked = withObject(review, object);
	expect((await playReview(asked, door)).verdict).to.equal('unchanged');
	const request = { ...(asked['request'] as Json), operation: 'UPDATE', oldObject: object };
	expect((await playReview({ ...asked, request }, door)).verdict).to.equal('unchanged');
}

/** The documents of out.yaml that came from manifests: those of AdmissionReviews have no writer in the file. */
async function storedDocuments(one: Case, golden: string): Promise<Json[]> {
	const outcomes = await playCase(one.documents, handlerDoor(one));
	const allowed = one.documents.filter((_, index) => outcomes[index]?.verdict !== 'denied');
	const stored = documentsOf(golden, one.name);
	expect(stored).to.have.length(allowed.length);
	return stored.filter((_, index) => allowed[index]?.['kind'] !== 'AdmissionReview');
}
