import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { withConditions } from '../../../src/objects/conditions.ts';
import type { Condition } from '../../../src/policy/finding.ts';

const NOW = '2026-01-02T03:04:05Z';
const THEN = '2025-01-01T00:00:00Z';
const ON: Condition = { type: 'Scaled', status: 'True', reason: 'Because', message: 'it is' };
const OFF: Condition = { type: 'Scaled', status: 'False', reason: 'Not', message: 'it is not' };
const FOREIGN = { ...ON, type: 'Ready', lastTransitionTime: THEN, extra: [1] };

const stored = (condition: Condition, more: Json = {}): Json => {
	return { ...condition, observedGeneration: 3, lastTransitionTime: THEN, ...more };
};
const NEW = stored(ON, { lastTransitionTime: NOW });
const TURNED_OFF = stored(OFF, { lastTransitionTime: NOW });

const ROWS: [title: string, found: unknown, wanted: Condition, expected?: unknown[]][] = [
	['null › created', null, ON, [NEW]],
	['other items › kept', ['odd', FOREIGN], ON, ['odd', FOREIGN, NEW]],
	['another message › unchanged', [stored(ON, { message: 'other words' })], ON],
	['no observedGeneration, as its writer leaves it out › unchanged', [{ ...ON, lastTransitionTime: THEN }], ON],
	['an old observedGeneration › written, same time', [stored(ON, { observedGeneration: 2 })], ON, [stored(ON)]],
	['another reason › written, same time', [stored(ON, { reason: 'Other' })], ON, [stored(ON)]],
	['another status › written, new time', [stored(ON), FOREIGN], OFF, [TURNED_OFF, FOREIGN]],
	['only if present, and absent › not created', [FOREIGN], { ...OFF, isOnlyIfPresent: true }],
	['only if present, and present › written', [stored(ON)], { ...OFF, isOnlyIfPresent: true }, [TURNED_OFF]],
];

describe('conditions', () => {
	for (const [title, found, wanted, expected] of ROWS) {
		it(title, () => {
			const conditions = withConditions(found, [wanted], 3, NOW);
			expect(conditions).to.deep.equal(expected);
			expect(withConditions(conditions ?? found, [wanted], 3, '2027-01-01T00:00:00Z')).to.equal(undefined);
		});
	}

	it('not a list › rejected, so that nothing is lost', () => {
		expect(() => withConditions({}, [ON], 3, NOW)).to.throw('status.conditions is not a list');
	});
});
